/* A QR code as a picture of its own: black on white, whatever the theme, so that a phone reads it. */

import { svg } from "lit";
import type { SVGTemplateResult } from "lit";
import qrcode from "qrcode-generator";

export function qrPath(text: string): { size: number; path: string } {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const size = code.getModuleCount();
  let path = "";
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      if (code.isDark(row, column)) path += `M${column} ${row}h1v1h-1z`;
    }
  }
  return { size, path };
}

export function qrCode(text: string, label: string): SVGTemplateResult {
  const { size, path } = qrPath(text);
  return svg`<svg viewBox="-4 -4 ${size + 8} ${size + 8}" role="img" aria-label=${label} width="200" height="200">
    <rect x="-4" y="-4" width=${size + 8} height=${size + 8} fill="#fff" />
    <path d=${path} fill="#000" />
  </svg>`;
}
