/* What all cards look like: Home Assistant's own tokens, and logical properties so that they read from the right too. */

import { css } from "lit";

export const styles = css`
  :host {
    display: block;
    color: var(--primary-text-color);
    font-family: var(--ha-font-family-body, inherit);
    --sun: var(--energy-solar-color, #ff9800);
    --grid: var(--energy-grid-consumption-color, #488fc2);
    --battery: var(--energy-battery-out-color, #4db6ac);
    --house: var(--secondary-text-color, #727272);
    --cars: var(--primary-color, #03a9f4);
    --quiet: var(--divider-color, rgba(127, 127, 127, 0.3));
  }
  ha-card {
    display: block;
    block-size: 100%;
    box-sizing: border-box;
    padding: 16px;
    container-type: inline-size;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    margin-block-end: 12px;
  }
  h2 {
    flex: 1 1 auto;
    margin: 0;
    font-size: var(--ha-font-size-xl, 20px);
    font-weight: var(--ha-font-weight-normal, 400);
    line-height: 1.3;
    overflow-wrap: anywhere;
  }
  h3 {
    margin: 16px 0 4px;
    font-size: var(--ha-font-size-m, 14px);
    font-weight: var(--ha-font-weight-medium, 500);
  }
  p {
    margin: 4px 0;
    line-height: 1.4;
  }
  /* A text that is not translated yet keeps its own direction. */
  p,
  li,
  td.why,
  .head .quiet,
  .phase span {
    unicode-bidi: plaintext;
  }
  .quiet {
    color: var(--secondary-text-color);
  }
  .error {
    color: var(--primary-text-color);
    border-inline-start: 4px solid var(--error-color, #db4437);
    padding-inline-start: 12px;
  }
  .big {
    font-size: 28px;
    line-height: 1.2;
    font-variant-numeric: tabular-nums;
  }
  .chip {
    border: 1px solid var(--quiet);
    border-radius: 999px;
    padding: 2px 10px;
    font-size: var(--ha-font-size-s, 12px);
    white-space: nowrap;
  }
  .chip.bad {
    border: 2px solid var(--error-color, #db4437);
  }
  .chip.good {
    border-color: var(--success-color, #43a047);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .spread {
    justify-content: space-between;
  }
  .numbers {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(96px, 1fr));
    gap: 8px 16px;
    margin: 12px 0;
  }
  .numbers dt {
    color: var(--secondary-text-color);
    font-size: var(--ha-font-size-s, 12px);
  }
  .numbers dd {
    margin: 0;
    font-size: var(--ha-font-size-l, 16px);
    font-variant-numeric: tabular-nums;
  }
  button,
  select,
  input {
    font: inherit;
    color: inherit;
    background: var(--card-background-color, transparent);
    /* Of the text, so that it is seen in whatever theme. */
    border: 1px solid color-mix(in srgb, var(--primary-text-color) 40%, transparent);
    border-radius: 12px;
    min-block-size: 44px;
    padding: 4px 12px;
    box-sizing: border-box;
    max-inline-size: 100%;
  }
  option {
    background: var(--card-background-color, #fff);
    color: var(--primary-text-color, #000);
  }
  button {
    cursor: pointer;
  }
  .row > button {
    flex: 0 1 auto;
    padding-inline: 10px;
  }
  .key {
    gap: 4px 16px;
    font-size: 13px;
  }
  .key i {
    display: inline-block;
    inline-size: 12px;
    block-size: 12px;
    border-radius: 3px;
    margin-inline-end: 6px;
  }
  .key i.line {
    inline-size: 20px;
    block-size: 0;
    border-radius: 0;
    border-block-start: 2px dashed;
    vertical-align: middle;
  }
  button[aria-pressed="true"],
  button[aria-checked="true"],
  button.main {
    background: color-mix(in srgb, var(--primary-color) 18%, var(--card-background-color, #fff));
    border-color: var(--primary-color);
    font-weight: 500;
  }
  button:disabled {
    cursor: default;
    border-style: dashed;
    color: var(--secondary-text-color);
  }
  :focus-visible {
    outline: 3px solid var(--primary-color);
    outline-offset: 2px;
  }
  label {
    display: flex;
    flex-direction: column;
    gap: 4px;
    font-size: var(--ha-font-size-s, 12px);
    color: var(--secondary-text-color);
  }
  label > * {
    font-size: var(--ha-font-size-m, 14px);
    color: var(--primary-text-color);
  }
  .choice {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(88px, 1fr));
    gap: 6px;
    margin-block: 8px;
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    inline-size: 100%;
    font-variant-numeric: tabular-nums;
  }
  th {
    color: var(--secondary-text-color);
    font-weight: 500;
    font-size: var(--ha-font-size-s, 12px);
  }
  th,
  td {
    text-align: start;
    padding: 8px 8px;
    border-block-end: 1px solid var(--quiet);
    vertical-align: middle;
  }
  th.number,
  td.number {
    text-align: end;
    white-space: nowrap;
  }
  button.plain {
    border-color: transparent;
    background: none;
    padding-inline: 8px;
    margin-inline-start: -8px;
    text-align: start;
    text-decoration: underline dotted;
    text-underline-offset: 4px;
  }
  button.plain[aria-pressed="true"] {
    border-color: var(--primary-color);
    text-decoration: none;
  }
  /* On a phone each row is a block: the first cell its heading, the others with their column's name. */
  @container (max-width: 560px) {
    .stack thead {
      position: absolute;
      clip-path: inset(50%);
      inline-size: 1px;
      block-size: 1px;
      overflow: hidden;
    }
    .stack tr {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(92px, 1fr));
      gap: 4px 12px;
      padding-block: 8px;
      border-block-end: 1px solid var(--quiet);
    }
    .stack td,
    .stack td.number {
      border: 0;
      padding: 0;
      text-align: start;
      overflow-wrap: anywhere;
    }
    .stack td:first-child,
    .stack td.wide {
      grid-column: 1 / -1;
    }
    .stack td.none,
    .brief td.minor {
      display: none;
    }
    .stack td[data-name]::before {
      content: attr(data-name);
      display: block;
      font-size: var(--ha-font-size-s, 12px);
      color: var(--secondary-text-color);
    }
  }
  .hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
