/* sources 98e664adfbbd94a55bedf1b2b14fcac379cfb6a36cf5dfc518b1f7f6a547178c */
// node_modules/@lit/reactive-element/css-tag.js
var e = globalThis, t = e.ShadowRoot && (e.ShadyCSS === void 0 || e.ShadyCSS.nativeShadow) && "adoptedStyleSheets" in Document.prototype && "replace" in CSSStyleSheet.prototype, n = Symbol(), r = /* @__PURE__ */ new WeakMap(), i = class {
	constructor(e, t, r) {
		if (this._$cssResult$ = !0, r !== n) throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");
		this.cssText = e, this.t = t;
	}
	get styleSheet() {
		let e = this.o, n = this.t;
		if (t && e === void 0) {
			let t = n !== void 0 && n.length === 1;
			t && (e = r.get(n)), e === void 0 && ((this.o = e = new CSSStyleSheet()).replaceSync(this.cssText), t && r.set(n, e));
		}
		return e;
	}
	toString() {
		return this.cssText;
	}
}, a = (e) => new i(typeof e == "string" ? e : e + "", void 0, n), o = (e, ...t) => new i(e.length === 1 ? e[0] : t.reduce((t, n, r) => t + ((e) => {
	if (!0 === e._$cssResult$) return e.cssText;
	if (typeof e == "number") return e;
	throw Error("Value passed to 'css' function must be a 'css' function result: " + e + ". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.");
})(n) + e[r + 1], e[0]), e, n), s = (n, r) => {
	if (t) n.adoptedStyleSheets = r.map((e) => e instanceof CSSStyleSheet ? e : e.styleSheet);
	else for (let t of r) {
		let r = document.createElement("style"), i = e.litNonce;
		i !== void 0 && r.setAttribute("nonce", i), r.textContent = t.cssText, n.appendChild(r);
	}
}, c = t ? (e) => e : (e) => e instanceof CSSStyleSheet ? ((e) => {
	let t = "";
	for (let n of e.cssRules) t += n.cssText;
	return a(t);
})(e) : e, { is: l, defineProperty: u, getOwnPropertyDescriptor: d, getOwnPropertyNames: ee, getOwnPropertySymbols: f, getPrototypeOf: p } = Object, m = globalThis, h = m.trustedTypes, te = h ? h.emptyScript : "", ne = m.reactiveElementPolyfillSupport, g = (e, t) => e, re = {
	toAttribute(e, t) {
		switch (t) {
			case Boolean:
				e = e ? te : null;
				break;
			case Object:
			case Array: e = e == null ? e : JSON.stringify(e);
		}
		return e;
	},
	fromAttribute(e, t) {
		let n = e;
		switch (t) {
			case Boolean:
				n = e !== null;
				break;
			case Number:
				n = e === null ? null : Number(e);
				break;
			case Object:
			case Array: try {
				n = JSON.parse(e);
			} catch {
				n = null;
			}
		}
		return n;
	}
}, ie = (e, t) => !l(e, t), ae = {
	attribute: !0,
	type: String,
	converter: re,
	reflect: !1,
	useDefault: !1,
	hasChanged: ie
};
Symbol.metadata ??= Symbol("metadata"), m.litPropertyMetadata ??= /* @__PURE__ */ new WeakMap();
var _ = class extends HTMLElement {
	static addInitializer(e) {
		this._$Ei(), (this.l ??= []).push(e);
	}
	static get observedAttributes() {
		return this.finalize(), this._$Eh && [...this._$Eh.keys()];
	}
	static createProperty(e, t = ae) {
		if (t.state && (t.attribute = !1), this._$Ei(), this.prototype.hasOwnProperty(e) && ((t = Object.create(t)).wrapped = !0), this.elementProperties.set(e, t), !t.noAccessor) {
			let n = Symbol(), r = this.getPropertyDescriptor(e, n, t);
			r !== void 0 && u(this.prototype, e, r);
		}
	}
	static getPropertyDescriptor(e, t, n) {
		let { get: r, set: i } = d(this.prototype, e) ?? {
			get() {
				return this[t];
			},
			set(e) {
				this[t] = e;
			}
		};
		return {
			get: r,
			set(t) {
				let a = r?.call(this);
				i?.call(this, t), this.requestUpdate(e, a, n);
			},
			configurable: !0,
			enumerable: !0
		};
	}
	static getPropertyOptions(e) {
		return this.elementProperties.get(e) ?? ae;
	}
	static _$Ei() {
		if (this.hasOwnProperty(g("elementProperties"))) return;
		let e = p(this);
		e.finalize(), e.l !== void 0 && (this.l = [...e.l]), this.elementProperties = new Map(e.elementProperties);
	}
	static finalize() {
		if (this.hasOwnProperty(g("finalized"))) return;
		if (this.finalized = !0, this._$Ei(), this.hasOwnProperty(g("properties"))) {
			let e = this.properties, t = [...ee(e), ...f(e)];
			for (let n of t) this.createProperty(n, e[n]);
		}
		let e = this[Symbol.metadata];
		if (e !== null) {
			let t = litPropertyMetadata.get(e);
			if (t !== void 0) for (let [e, n] of t) this.elementProperties.set(e, n);
		}
		this._$Eh = /* @__PURE__ */ new Map();
		for (let [e, t] of this.elementProperties) {
			let n = this._$Eu(e, t);
			n !== void 0 && this._$Eh.set(n, e);
		}
		this.elementStyles = this.finalizeStyles(this.styles);
	}
	static finalizeStyles(e) {
		let t = [];
		if (Array.isArray(e)) {
			let n = new Set(e.flat(1 / 0).reverse());
			for (let e of n) t.unshift(c(e));
		} else e !== void 0 && t.push(c(e));
		return t;
	}
	static _$Eu(e, t) {
		let n = t.attribute;
		return !1 === n ? void 0 : typeof n == "string" ? n : typeof e == "string" ? e.toLowerCase() : void 0;
	}
	constructor() {
		super(), this._$Ep = void 0, this.isUpdatePending = !1, this.hasUpdated = !1, this._$Em = null, this._$Ev();
	}
	_$Ev() {
		this._$ES = new Promise((e) => this.enableUpdating = e), this._$AL = /* @__PURE__ */ new Map(), this._$E_(), this.requestUpdate(), this.constructor.l?.forEach((e) => e(this));
	}
	addController(e) {
		(this._$EO ??= /* @__PURE__ */ new Set()).add(e), this.renderRoot !== void 0 && this.isConnected && e.hostConnected?.();
	}
	removeController(e) {
		this._$EO?.delete(e);
	}
	_$E_() {
		let e = /* @__PURE__ */ new Map(), t = this.constructor.elementProperties;
		for (let n of t.keys()) this.hasOwnProperty(n) && (e.set(n, this[n]), delete this[n]);
		e.size > 0 && (this._$Ep = e);
	}
	createRenderRoot() {
		let e = this.shadowRoot ?? this.attachShadow(this.constructor.shadowRootOptions);
		return s(e, this.constructor.elementStyles), e;
	}
	connectedCallback() {
		this.renderRoot ??= this.createRenderRoot(), this.enableUpdating(!0), this._$EO?.forEach((e) => e.hostConnected?.());
	}
	enableUpdating(e) {}
	disconnectedCallback() {
		this._$EO?.forEach((e) => e.hostDisconnected?.());
	}
	attributeChangedCallback(e, t, n) {
		this._$AK(e, n);
	}
	_$ET(e, t) {
		let n = this.constructor.elementProperties.get(e), r = this.constructor._$Eu(e, n);
		if (r !== void 0 && !0 === n.reflect) {
			let i = (n.converter?.toAttribute === void 0 ? re : n.converter).toAttribute(t, n.type);
			this._$Em = e, i == null ? this.removeAttribute(r) : this.setAttribute(r, i), this._$Em = null;
		}
	}
	_$AK(e, t) {
		let n = this.constructor, r = n._$Eh.get(e);
		if (r !== void 0 && this._$Em !== r) {
			let e = n.getPropertyOptions(r), i = typeof e.converter == "function" ? { fromAttribute: e.converter } : e.converter?.fromAttribute === void 0 ? re : e.converter;
			this._$Em = r;
			let a = i.fromAttribute(t, e.type);
			this[r] = a ?? this._$Ej?.get(r) ?? a, this._$Em = null;
		}
	}
	requestUpdate(e, t, n, r = !1, i) {
		if (e !== void 0) {
			let a = this.constructor;
			if (!1 === r && (i = this[e]), n ??= a.getPropertyOptions(e), !((n.hasChanged ?? ie)(i, t) || n.useDefault && n.reflect && i === this._$Ej?.get(e) && !this.hasAttribute(a._$Eu(e, n)))) return;
			this.C(e, t, n);
		}
		!1 === this.isUpdatePending && (this._$ES = this._$EP());
	}
	C(e, t, { useDefault: n, reflect: r, wrapped: i }, a) {
		n && !(this._$Ej ??= /* @__PURE__ */ new Map()).has(e) && (this._$Ej.set(e, a ?? t ?? this[e]), !0 !== i || a !== void 0) || (this._$AL.has(e) || (this.hasUpdated || n || (t = void 0), this._$AL.set(e, t)), !0 === r && this._$Em !== e && (this._$Eq ??= /* @__PURE__ */ new Set()).add(e));
	}
	async _$EP() {
		this.isUpdatePending = !0;
		try {
			await this._$ES;
		} catch (e) {
			Promise.reject(e);
		}
		let e = this.scheduleUpdate();
		return e != null && await e, !this.isUpdatePending;
	}
	scheduleUpdate() {
		return this.performUpdate();
	}
	performUpdate() {
		if (!this.isUpdatePending) return;
		if (!this.hasUpdated) {
			if (this.renderRoot ??= this.createRenderRoot(), this._$Ep) {
				for (let [e, t] of this._$Ep) this[e] = t;
				this._$Ep = void 0;
			}
			let e = this.constructor.elementProperties;
			if (e.size > 0) for (let [t, n] of e) {
				let { wrapped: e } = n, r = this[t];
				!0 !== e || this._$AL.has(t) || r === void 0 || this.C(t, void 0, n, r);
			}
		}
		let e = !1, t = this._$AL;
		try {
			e = this.shouldUpdate(t), e ? (this.willUpdate(t), this._$EO?.forEach((e) => e.hostUpdate?.()), this.update(t)) : this._$EM();
		} catch (t) {
			throw e = !1, this._$EM(), t;
		}
		e && this._$AE(t);
	}
	willUpdate(e) {}
	_$AE(e) {
		this._$EO?.forEach((e) => e.hostUpdated?.()), this.hasUpdated || (this.hasUpdated = !0, this.firstUpdated(e)), this.updated(e);
	}
	_$EM() {
		this._$AL = /* @__PURE__ */ new Map(), this.isUpdatePending = !1;
	}
	get updateComplete() {
		return this.getUpdateComplete();
	}
	getUpdateComplete() {
		return this._$ES;
	}
	shouldUpdate(e) {
		return !0;
	}
	update(e) {
		this._$Eq &&= this._$Eq.forEach((e) => this._$ET(e, this[e])), this._$EM();
	}
	updated(e) {}
	firstUpdated(e) {}
};
_.elementStyles = [], _.shadowRootOptions = { mode: "open" }, _[g("elementProperties")] = /* @__PURE__ */ new Map(), _[g("finalized")] = /* @__PURE__ */ new Map(), ne?.({ ReactiveElement: _ }), (m.reactiveElementVersions ??= []).push("2.1.2");
// node_modules/lit-html/lit-html.js
var v = globalThis, oe = (e) => e, y = v.trustedTypes, se = y ? y.createPolicy("lit-html", { createHTML: (e) => e }) : void 0, ce = "$lit$", b = `lit$${Math.random().toFixed(9).slice(2)}$`, le = "?" + b, ue = `<${le}>`, x = document, S = () => x.createComment(""), C = (e) => e === null || typeof e != "object" && typeof e != "function", de = Array.isArray, fe = (e) => de(e) || typeof e?.[Symbol.iterator] == "function", pe = "[ 	\n\f\r]", w = /<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g, me = /-->/g, he = />/g, T = RegExp(`>|${pe}(?:([^\\s"'>=/]+)(${pe}*=${pe}*(?:[^ \t\n\f\r"'\`<>=]|("|')|))|$)`, "g"), ge = /'/g, _e = /"/g, ve = /^(?:script|style|textarea|title)$/i, ye = (e) => (t, ...n) => ({
	_$litType$: e,
	strings: t,
	values: n
}), E = ye(1), D = ye(2), O = Symbol.for("lit-noChange"), k = Symbol.for("lit-nothing"), be = /* @__PURE__ */ new WeakMap(), A = x.createTreeWalker(x, 129);
function xe(e, t) {
	if (!de(e) || !e.hasOwnProperty("raw")) throw Error("invalid template strings array");
	return se === void 0 ? t : se.createHTML(t);
}
var Se = (e, t) => {
	let n = e.length - 1, r = [], i, a = t === 2 ? "<svg>" : t === 3 ? "<math>" : "", o = w;
	for (let t = 0; t < n; t++) {
		let n = e[t], s, c, l = -1, u = 0;
		for (; u < n.length && (o.lastIndex = u, c = o.exec(n), c !== null);) u = o.lastIndex, o === w ? c[1] === "!--" ? o = me : c[1] === void 0 ? c[2] === void 0 ? c[3] !== void 0 && (o = T) : (ve.test(c[2]) && (i = RegExp("</" + c[2], "g")), o = T) : o = he : o === T ? c[0] === ">" ? (o = i ?? w, l = -1) : c[1] === void 0 ? l = -2 : (l = o.lastIndex - c[2].length, s = c[1], o = c[3] === void 0 ? T : c[3] === "\"" ? _e : ge) : o === _e || o === ge ? o = T : o === me || o === he ? o = w : (o = T, i = void 0);
		let d = o === T && e[t + 1].startsWith("/>") ? " " : "";
		a += o === w ? n + ue : l >= 0 ? (r.push(s), n.slice(0, l) + ce + n.slice(l) + b + d) : n + b + (l === -2 ? t : d);
	}
	return [xe(e, a + (e[n] || "<?>") + (t === 2 ? "</svg>" : t === 3 ? "</math>" : "")), r];
}, j = class e {
	constructor({ strings: t, _$litType$: n }, r) {
		let i;
		this.parts = [];
		let a = 0, o = 0, s = t.length - 1, c = this.parts, [l, u] = Se(t, n);
		if (this.el = e.createElement(l, r), A.currentNode = this.el.content, n === 2 || n === 3) {
			let e = this.el.content.firstChild;
			e.replaceWith(...e.childNodes);
		}
		for (; (i = A.nextNode()) !== null && c.length < s;) {
			if (i.nodeType === 1) {
				if (i.hasAttributes()) for (let e of i.getAttributeNames()) if (e.endsWith(ce)) {
					let t = u[o++], n = i.getAttribute(e).split(b), r = /([.?@])?(.*)/.exec(t);
					c.push({
						type: 1,
						index: a,
						name: r[2],
						strings: n,
						ctor: r[1] === "." ? we : r[1] === "?" ? Te : r[1] === "@" ? Ee : P
					}), i.removeAttribute(e);
				} else e.startsWith(b) && (c.push({
					type: 6,
					index: a
				}), i.removeAttribute(e));
				if (ve.test(i.tagName)) {
					let e = i.textContent.split(b), t = e.length - 1;
					if (t > 0) {
						i.textContent = y ? y.emptyScript : "";
						for (let n = 0; n < t; n++) i.append(e[n], S()), A.nextNode(), c.push({
							type: 2,
							index: ++a
						});
						i.append(e[t], S());
					}
				}
			} else if (i.nodeType === 8) {
				if (i.data === le) c.push({
					type: 2,
					index: a
				});
				else {
					let e = -1;
					for (; (e = i.data.indexOf(b, e + 1)) !== -1;) c.push({
						type: 7,
						index: a
					}), e += b.length - 1;
				}
			}
			a++;
		}
	}
	static createElement(e, t) {
		let n = x.createElement("template");
		return n.innerHTML = e, n;
	}
};
function M(e, t, n = e, r) {
	if (t === O) return t;
	let i = r === void 0 ? n._$Cl : n._$Co?.[r], a = C(t) ? void 0 : t._$litDirective$;
	return i?.constructor !== a && (i?._$AO?.(!1), a === void 0 ? i = void 0 : (i = new a(e), i._$AT(e, n, r)), r === void 0 ? n._$Cl = i : (n._$Co ??= [])[r] = i), i !== void 0 && (t = M(e, i._$AS(e, t.values), i, r)), t;
}
var Ce = class {
	constructor(e, t) {
		this._$AV = [], this._$AN = void 0, this._$AD = e, this._$AM = t;
	}
	get parentNode() {
		return this._$AM.parentNode;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	u(e) {
		let { el: { content: t }, parts: n } = this._$AD, r = (e?.creationScope ?? x).importNode(t, !0);
		A.currentNode = r;
		let i = A.nextNode(), a = 0, o = 0, s = n[0];
		for (; s !== void 0;) {
			if (a === s.index) {
				let t;
				s.type === 2 ? t = new N(i, i.nextSibling, this, e) : s.type === 1 ? t = new s.ctor(i, s.name, s.strings, this, e) : s.type === 6 && (t = new De(i, this, e)), this._$AV.push(t), s = n[++o];
			}
			a !== s?.index && (i = A.nextNode(), a++);
		}
		return A.currentNode = x, r;
	}
	p(e) {
		let t = 0;
		for (let n of this._$AV) n !== void 0 && (n.strings === void 0 ? n._$AI(e[t]) : (n._$AI(e, n, t), t += n.strings.length - 2)), t++;
	}
}, N = class e {
	get _$AU() {
		return this._$AM?._$AU ?? this._$Cv;
	}
	constructor(e, t, n, r) {
		this.type = 2, this._$AH = k, this._$AN = void 0, this._$AA = e, this._$AB = t, this._$AM = n, this.options = r, this._$Cv = r?.isConnected ?? !0;
	}
	get parentNode() {
		let e = this._$AA.parentNode, t = this._$AM;
		return t !== void 0 && e?.nodeType === 11 && (e = t.parentNode), e;
	}
	get startNode() {
		return this._$AA;
	}
	get endNode() {
		return this._$AB;
	}
	_$AI(e, t = this) {
		e = M(this, e, t), C(e) ? e === k || e == null || e === "" ? (this._$AH !== k && this._$AR(), this._$AH = k) : e !== this._$AH && e !== O && this._(e) : e._$litType$ === void 0 ? e.nodeType === void 0 ? fe(e) ? this.k(e) : this._(e) : this.T(e) : this.$(e);
	}
	O(e) {
		return this._$AA.parentNode.insertBefore(e, this._$AB);
	}
	T(e) {
		this._$AH !== e && (this._$AR(), this._$AH = this.O(e));
	}
	_(e) {
		this._$AH !== k && C(this._$AH) ? this._$AA.nextSibling.data = e : this.T(x.createTextNode(e)), this._$AH = e;
	}
	$(e) {
		let { values: t, _$litType$: n } = e, r = typeof n == "number" ? this._$AC(e) : (n.el === void 0 && (n.el = j.createElement(xe(n.h, n.h[0]), this.options)), n);
		if (this._$AH?._$AD === r) this._$AH.p(t);
		else {
			let e = new Ce(r, this), n = e.u(this.options);
			e.p(t), this.T(n), this._$AH = e;
		}
	}
	_$AC(e) {
		let t = be.get(e.strings);
		return t === void 0 && be.set(e.strings, t = new j(e)), t;
	}
	k(t) {
		de(this._$AH) || (this._$AH = [], this._$AR());
		let n = this._$AH, r, i = 0;
		for (let a of t) i === n.length ? n.push(r = new e(this.O(S()), this.O(S()), this, this.options)) : r = n[i], r._$AI(a), i++;
		i < n.length && (this._$AR(r && r._$AB.nextSibling, i), n.length = i);
	}
	_$AR(e = this._$AA.nextSibling, t) {
		for (this._$AP?.(!1, !0, t); e !== this._$AB;) {
			let t = oe(e).nextSibling;
			oe(e).remove(), e = t;
		}
	}
	setConnected(e) {
		this._$AM === void 0 && (this._$Cv = e, this._$AP?.(e));
	}
}, P = class {
	get tagName() {
		return this.element.tagName;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	constructor(e, t, n, r, i) {
		this.type = 1, this._$AH = k, this._$AN = void 0, this.element = e, this.name = t, this._$AM = r, this.options = i, n.length > 2 || n[0] !== "" || n[1] !== "" ? (this._$AH = Array(n.length - 1).fill(/* @__PURE__ */ new String()), this.strings = n) : this._$AH = k;
	}
	_$AI(e, t = this, n, r) {
		let i = this.strings, a = !1;
		if (i === void 0) e = M(this, e, t, 0), a = !C(e) || e !== this._$AH && e !== O, a && (this._$AH = e);
		else {
			let r = e, o, s;
			for (e = i[0], o = 0; o < i.length - 1; o++) s = M(this, r[n + o], t, o), s === O && (s = this._$AH[o]), a ||= !C(s) || s !== this._$AH[o], s === k ? e = k : e !== k && (e += (s ?? "") + i[o + 1]), this._$AH[o] = s;
		}
		a && !r && this.j(e);
	}
	j(e) {
		e === k ? this.element.removeAttribute(this.name) : this.element.setAttribute(this.name, e ?? "");
	}
}, we = class extends P {
	constructor() {
		super(...arguments), this.type = 3;
	}
	j(e) {
		this.element[this.name] = e === k ? void 0 : e;
	}
}, Te = class extends P {
	constructor() {
		super(...arguments), this.type = 4;
	}
	j(e) {
		this.element.toggleAttribute(this.name, !!e && e !== k);
	}
}, Ee = class extends P {
	constructor(e, t, n, r, i) {
		super(e, t, n, r, i), this.type = 5;
	}
	_$AI(e, t = this) {
		if ((e = M(this, e, t, 0) ?? k) === O) return;
		let n = this._$AH, r = e === k && n !== k || e.capture !== n.capture || e.once !== n.once || e.passive !== n.passive, i = e !== k && (n === k || r);
		r && this.element.removeEventListener(this.name, this, n), i && this.element.addEventListener(this.name, this, e), this._$AH = e;
	}
	handleEvent(e) {
		typeof this._$AH == "function" ? this._$AH.call(this.options?.host ?? this.element, e) : this._$AH.handleEvent(e);
	}
}, De = class {
	constructor(e, t, n) {
		this.element = e, this.type = 6, this._$AN = void 0, this._$AM = t, this.options = n;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	_$AI(e) {
		M(this, e);
	}
};
(0, v.litHtmlPolyfillSupport)?.(j, N), (v.litHtmlVersions ??= []).push("3.3.3");
var Oe = (e, t, n) => {
	let r = n?.renderBefore ?? t, i = r._$litPart$;
	if (i === void 0) {
		let e = n?.renderBefore ?? null;
		r._$litPart$ = i = new N(t.insertBefore(S(), e), e, void 0, n ?? {});
	}
	return i._$AI(e), i;
}, ke = globalThis, F = class extends _ {
	constructor() {
		super(...arguments), this.renderOptions = { host: this }, this._$Do = void 0;
	}
	createRenderRoot() {
		let e = super.createRenderRoot();
		return this.renderOptions.renderBefore ??= e.firstChild, e;
	}
	update(e) {
		let t = this.render();
		this.hasUpdated || (this.renderOptions.isConnected = this.isConnected), super.update(e), this._$Do = Oe(t, this.renderRoot, this.renderOptions);
	}
	connectedCallback() {
		super.connectedCallback(), this._$Do?.setConnected(!0);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this._$Do?.setConnected(!1);
	}
	render() {
		return O;
	}
};
F._$litElement$ = !0, F.finalized = !0, ke.litElementHydrateSupport?.({ LitElement: F }), (0, ke.litElementPolyfillSupport)?.({ LitElement: F }), (ke.litElementVersions ??= []).push("4.2.2");
// src/feed.ts
function Ae(e, t) {
	let { set: n, gone: r, ...i } = t, a = {
		...e,
		...n
	};
	for (let e of r ?? []) delete a[e];
	for (let [t, n] of Object.entries(i)) a[t] = Ae(e[t] ?? {}, n);
	return a;
}
var je = class {
	view = {};
	listeners = /* @__PURE__ */ new Set();
	unsubscribe;
	error;
	hass;
	message;
	constructor(e, t) {
		this.hass = e, this.message = t;
	}
	listen(e) {
		return this.listeners.add(e), this.unsubscribe ? (this.error || Object.keys(this.view).length) && this.tell(e) : this.start(), () => {
			this.listeners.delete(e), this.listeners.size === 0 && this.stop();
		};
	}
	start() {
		this.view = {}, this.unsubscribe = this.hass.connection.subscribeMessage((e) => {
			this.view = Ae(this.view, e), this.error = void 0;
			for (let e of this.listeners) this.tell(e);
		}, this.message), this.unsubscribe.catch((e) => {
			this.unsubscribe = void 0, this.error = e.code ?? String(e.message ?? e);
			for (let e of this.listeners) this.tell(e);
		});
	}
	tell(e) {
		e(Object.keys(this.view).length > 0 ? this.view : void 0, this.error);
	}
	stop() {
		this.unsubscribe?.then((e) => e()).catch(() => void 0), this.unsubscribe = void 0;
	}
}, Me = /* @__PURE__ */ new Map();
function Ne(e, t) {
	let n = JSON.stringify(t), r = Me.get(n);
	return r && r.connection === e.connection || (r = {
		connection: e.connection,
		feed: new je(e, t)
	}, Me.set(n, r)), r.feed;
}
function Pe(e, t) {
	return Ne(e, {
		type: "sunfuse/site/subscribe",
		language: e.language,
		...t ? { entry_id: t } : {}
	});
}
// src/styles.ts
var I = o`
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
  header {
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
    border: 1px solid var(--outline-color, var(--secondary-text-color));
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
  .hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`, Fe = /* @__PURE__ */ new Map(), Ie = (e) => e;
function Le(e) {
	let t = e.language, n = Fe.get(t);
	return n || (n = e.loadBackendTranslation("common", "sunfuse").then((e) => (Ie = (t, n) => e(`component.sunfuse.common.card_${t}`, n) || t, Ie)), Fe.set(t, n)), n;
}
function Re() {
	return Ie;
}
function L(e, t, n, r) {
	return e.localize(`component.sunfuse.entity.${t}.${n}.state.${r}`) || r;
}
// src/card.ts
var R = class extends F {
	static styles = [I];
	static properties = {
		config: { state: !0 },
		site: { state: !0 },
		say: { state: !0 },
		failure: { state: !0 },
		announced: { state: !0 }
	};
	home;
	leave;
	followed = "";
	constructor() {
		super(), this.announced = "";
	}
	static getConfigForm() {
		return {
			schema: [{
				name: "site",
				selector: { config_entry: { integration: "sunfuse" } }
			}, {
				name: "title",
				selector: { text: {} }
			}],
			computeLabel: (e) => Re()(`field_${e.name}`)
		};
	}
	static getStubConfig() {
		return {};
	}
	setConfig(e) {
		this.config = e, this.follow();
	}
	getCardSize() {
		return 6;
	}
	getGridOptions() {
		return {
			columns: 12,
			min_columns: 6
		};
	}
	set hass(e) {
		let t = this.home;
		this.home = e, t && t.language === e.language || Le(e).then((e) => {
			this.say = e;
		}), t && t.language === e.language && t.connection === e.connection || this.follow(), (!t || this.matters(t, e)) && this.requestUpdate();
	}
	get hass() {
		return this.home;
	}
	matters(e, t) {
		return e.locale !== t.locale || e.themes?.darkMode !== t.themes?.darkMode;
	}
	connectedCallback() {
		super.connectedCallback(), this.follow();
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this.leave?.(), this.leave = void 0, this.followed = "";
	}
	follow() {
		if (!this.isConnected || !this.home || !this.config) return;
		let e = `${this.config.site ?? ""}|${this.home.language}`;
		this.leave && e === this.followed || (this.leave?.(), this.followed = e, this.leave = Pe(this.home, this.config.site).listen((e, t) => {
			this.site = e, this.failure = t;
		}));
	}
	render() {
		return !this.say || !this.home || !this.config ? E`<ha-card aria-busy="true"></ha-card>` : E`<ha-card>${this.site && this.site.entry_id ? this.content(this.site, this.say) : this.missing(this.say)}
      <div class="hidden" role="status">${this.announced}</div>
    </ha-card>`;
	}
	missing(e) {
		return this.failure === "unauthorized" ? E`<p class="error">${e("not_allowed")}</p>` : this.failure ? E`<p class="error">${e("no_site")}</p>` : E`<p class="quiet">${e(this.site ? "site_not_loaded" : "loading")}</p>`;
	}
	async act(e, t, n, r = "") {
		try {
			return await this.hass.callService(e, t, n), this.announced = r, !0;
		} catch (e) {
			return this.announced = e.message ?? String(e), !1;
		}
	}
	updated(e) {
		this.dir = this.home && document.dir === "rtl" ? "rtl" : "";
	}
};
function ze(e) {
	return Object.values(e.chargers).sort((e, t) => e.name.localeCompare(t.name, void 0, { numeric: !0 }));
}
// src/format.ts
function z(e, t, n) {
	return new Intl.NumberFormat(e.locale.language, {
		minimumFractionDigits: n,
		maximumFractionDigits: n
	}).format(t);
}
function B(e, t) {
	return t == null ? "–" : `${z(e, t / 1e3, +(Math.abs(t) < 9950))} kW`;
}
function V(e, t) {
	return t == null ? "–" : `${z(e, t / 1e3, +(t < 99950))} kWh`;
}
function H(e, t) {
	return z(e, t, +!Number.isInteger(t));
}
function U(e, t) {
	return t == null ? "–" : `${z(e, t, 0)} %`;
}
function W(e, t, n) {
	return t == null ? "–" : new Intl.NumberFormat(e.locale.language, {
		style: "currency",
		currency: n
	}).format(t);
}
function G(e, t, n = /* @__PURE__ */ new Date()) {
	let r = new Date(t), i = { timeZone: e.config.time_zone }, a = (e) => e.toLocaleDateString("en-CA", i), o = r.toLocaleTimeString(e.locale.language, {
		...i,
		hour: "2-digit",
		minute: "2-digit",
		...e.locale.time_format === "12" ? { hour12: !0 } : {},
		...e.locale.time_format === "24" ? { hour12: !1 } : {}
	});
	return a(r) === a(n) ? o : `${r.toLocaleDateString(e.locale.language, {
		...i,
		weekday: "short",
		day: "numeric",
		month: "short"
	})} ${o}`;
}
// src/home-assistant.ts
function K(e, t) {
	customElements.get(e) || customElements.define(e, t);
}
function Be(e, t = !1) {
	t ? history.replaceState(null, "", e) : history.pushState(null, "", e), window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: t } }));
}
function Ve(e, t) {
	e.dispatchEvent(new CustomEvent("hass-more-info", {
		detail: { entityId: t },
		bubbles: !0,
		composed: !0
	}));
}
K("sunfuse-capacity-card", class extends R {
	static properties = {
		...R.properties,
		report: { state: !0 },
		problem: { state: !0 }
	};
	static styles = [I, o`
      .chart {
        display: grid;
        grid-template-columns: repeat(24, 1fr);
        gap: 2px;
        block-size: 140px;
        align-items: end;
        border-block-end: 1px solid var(--quiet);
      }
      .hour {
        display: flex;
        flex-direction: column-reverse;
        block-size: 100%;
        background: color-mix(in srgb, var(--success-color, #43a047) 25%, transparent);
        border-start-start-radius: 3px;
        border-start-end-radius: 3px;
        overflow: hidden;
      }
      .mean {
        background: var(--house);
      }
      .p95 {
        background: color-mix(in srgb, var(--house) 45%, transparent);
      }
      .axis {
        display: flex;
        justify-content: space-between;
        font-size: 12px;
        color: var(--secondary-text-color);
      }
    `];
	asked = "";
	willUpdate() {
		let e = this.site;
		e?.entry_id && this.asked !== e.entry_id && (this.asked = e.entry_id, this.load(e.entry_id));
	}
	async load(e) {
		try {
			let t = await this.hass.callService("sunfuse", "get_site_report", {
				config_entry_id: e,
				days: 14
			}, void 0, !1, !0);
			this.report = t.response, this.problem = void 0;
		} catch (e) {
			this.problem = e.message;
		}
	}
	content(e, t) {
		return E`
      <header><h2>${this.config?.title ?? t("capacity")}</h2></header>
      ${this.report ? this.answer(this.report, t) : E`<p class="quiet">${this.problem ? t("needs_week", { days: 0 }) : t("loading")}</p>`}
      <button
        @click=${() => {
			Be(`/sunfuse-report/${e.entry_id}`);
		}}
      >
        ${t("open_report")}
      </button>
    `;
	}
	answer(e, t) {
		let n = e.days >= 7;
		return E`
      ${n ? E`<p><span class="big">${e.carries}</span> ${t("carries", { days: Math.round(e.days) })}</p>` : E`<p>${t("needs_week", { days: Math.floor(e.days * 10) / 10 })}</p>`}
      ${n || e.days >= 1 ? this.chart(e.hours, t) : k}
    `;
	}
	chart(e, t) {
		let n = (e) => Math.max(0, ...e), r = Math.max(...e.map((e) => n(e.p95_a) + Math.max(0, Math.min(...e.headroom_a))), 1), i = (e) => `${Math.max(0, e) / r * 100}%`;
		return E`
      <h3>${t("by_hour")}</h3>
      <div class="chart" aria-hidden="true">
        ${e.map((e) => {
			let t = n(e.mean_a), r = n(e.p95_a);
			return E`<div class="hour">
            <div class="mean" style="block-size:${i(t)}"></div>
            <div class="p95" style="block-size:${i(r - t)}"></div>
          </div>`;
		})}
      </div>
      <div class="axis" aria-hidden="true"><span>0</span><span>6</span><span>12</span><span>18</span><span>24</span></div>
      <p class="quiet">${t("by_hour_key")}</p>
      <table class="hidden">
        <caption>${t("by_hour")}</caption>
        <tbody>
          ${e.map((e) => E`<tr>
              <th scope="row">${e.hour}</th>
              <td>${t("hour_figures", {
			mean: H(this.hass, n(e.mean_a)),
			headroom: H(this.hass, Math.min(...e.headroom_a))
		})}</td>
            </tr>`)}
        </tbody>
      </table>
    `;
	}
});
// src/charger-card.ts
var He = [
	"off",
	"solar",
	"solar_min",
	"fast"
], Ue = [
	30,
	60,
	120
];
function We(e, t) {
	let n = e.states[t.entities.mode ?? ""]?.attributes.options;
	return Array.isArray(n) ? n : He;
}
K("sunfuse-charger-card", class extends R {
	static styles = [I, o`
      .why {
        border-inline-start: 4px solid var(--primary-color);
        padding-inline-start: 12px;
        margin-block: 12px;
      }
    `];
	static getConfigForm() {
		return {
			schema: [
				{
					name: "site",
					selector: { config_entry: { integration: "sunfuse" } }
				},
				{
					name: "charger",
					selector: { text: {} }
				},
				{
					name: "title",
					selector: { text: {} }
				}
			],
			computeLabel: (e) => Re()(`field_${e.name}`),
			computeHelper: (e) => e.name === "charger" ? Re()("field_charger_help") : ""
		};
	}
	content(e, t) {
		let n = this.config?.charger, r = ze(e), i = n ? r.find(({ id: e, identity: t, name: r }) => [
			e,
			t,
			r
		].includes(n)) : r[0];
		return i ? this.charger(i, e, t) : E`<p class="quiet">${t(n ? "no_charger_named" : "no_charger", { charger: n ?? "" })}</p>`;
	}
	charger(e, t, n) {
		let r = this.hass;
		return E`
      <header>
        <h2>${this.config?.title ?? e.name}</h2>
        <span class="chip ${e.connected && e.status !== "faulted" ? "" : "bad"}">
          ${e.connected ? e.status ? L(r, "sensor", "status", e.status) : "–" : n("offline")}
        </span>
      </header>
      <div class="row spread">
        <span class="big">${B(r, e.power_w ?? 0)}</span>
        <span class="quiet">${[e.vehicle, e.driver].filter(Boolean).join(" · ")}</span>
      </div>
      <dl class="numbers">
        <div><dt>${n("session_energy")}</dt><dd>${V(r, e.session_wh)}</dd></div>
        ${this.fact(n("soc"), e.soc == null ? null : U(r, e.soc))}
        ${this.fact(n("cost"), e.cost == null ? null : W(r, e.cost, t.currency))}
        ${this.fact(n("sun_share"), e.sun_share == null ? null : U(r, e.sun_share * 100))}
      </dl>
      <div class="why">
        <p>${e.reason.text}</p>
        <p class="quiet">${e.reason.change}</p>
      </div>
      ${this.demand(e, n)} ${e.may_drive ? this.controls(e, n) : k}
    `;
	}
	fact(e, t) {
		return t === null ? k : E`<div><dt>${e}</dt><dd>${t}</dd></div>`;
	}
	demand(e, t) {
		let { demand: n, plan: r } = e, i = [];
		if (n?.departure) {
			let e = G(this.hass, n.departure);
			i.push(n.guessed ? t("ready_by_guess", { time: e }) : t("ready_by", { time: e }));
		}
		return n?.target_soc != null && i.push(t("target", { soc: U(this.hass, n.target_soc) })), r?.missing_wh ? i.push(t("misses", { energy: V(this.hass, r.missing_wh) })) : r?.ready && i.push(t("expected", { time: G(this.hass, r.ready) })), i.length ? E`<p>${i.join(" ")}</p>` : k;
	}
	controls(e, t) {
		let { mode: n, boost: r, allowed: i, departure: a } = e.entities;
		return E`
      ${n ? E`<div class="choice" role="radiogroup" aria-label=${t("mode")} @keydown=${this.arrow}>
            ${We(this.hass, e).map((t) => E`<button
                role="radio"
                aria-checked=${t === e.mode}
                tabindex=${t === e.mode ? 0 : -1}
                @click=${() => this.act("select", "select_option", {
			entity_id: n,
			option: t
		})}
              >
                ${L(this.hass, "select", "mode", t)}
              </button>`)}
          </div>` : k}
      <div class="row">
        ${r && e.device_id ? this.boost(e, t) : k}
        ${i ? E`<button
              aria-pressed=${!e.allowed}
              @click=${() => this.act("switch", e.allowed ? "turn_off" : "turn_on", { entity_id: i })}
            >
              ${t(e.allowed ? "pause" : "resume")}
            </button>` : k}
        ${a ? E`<button @click=${() => Ve(this, a)}>${t("change_departure")}</button>` : k}
      </div>
      ${this.quota(e, t)}
    `;
	}
	arrow(e) {
		let t = {
			ArrowRight: 1,
			ArrowDown: 1,
			ArrowLeft: -1,
			ArrowUp: -1
		}[e.key];
		if (!t) return;
		let n = [...e.currentTarget.querySelectorAll("button")], r = n[(n.indexOf(e.target) + (getComputedStyle(this).direction === "rtl" && e.key.match(/Left|Right/) ? -t : t) + n.length) % n.length];
		r?.focus(), r?.click(), e.preventDefault();
	}
	boost(e, t) {
		let { boost: n } = e, r = e.device_id;
		if (n.on) return E`<button
        class="main"
        aria-pressed="true"
        @click=${() => this.act("sunfuse", "cancel_boost", { device_id: r })}
      >
        ${n.until ? t("boost_until", { time: G(this.hass, n.until) }) : t("boost_on")}
      </button>`;
		let i = n.quota_wh !== null && (n.used_wh ?? 0) >= n.quota_wh;
		return E`${Ue.map((e) => E`<button
        ?disabled=${i}
        @click=${() => this.act("sunfuse", "boost", {
			device_id: r,
			duration: { minutes: e }
		}, t("boost_started"))}
      >
        ${t("boost_for", { minutes: e })}
      </button>`)}`;
	}
	quota(e, t) {
		let { quota_wh: n, used_wh: r } = e.boost;
		return n === null ? k : E`<p class="quiet">
      ${t("quota", {
			used: V(this.hass, r),
			quota: V(this.hass, n)
		})}
    </p>`;
	}
}), K("sunfuse-chargers-card", class extends R {
	static properties = {
		...R.properties,
		chosen: { state: !0 },
		waiting: { state: !0 },
		proposed: { state: !0 }
	};
	static styles = [I, o`
      td input[type="checkbox"],
      th input[type="checkbox"] {
        inline-size: 24px;
        min-block-size: 24px;
        block-size: 24px;
        margin: 0;
      }
      .why {
        min-inline-size: 180px;
        font-size: 13px;
      }
      .new {
        border: 2px solid var(--primary-color);
        border-radius: 12px;
        padding: 12px;
        margin-block-end: 16px;
      }
      .new label {
        flex: 1 1 140px;
      }
      .new input,
      .new select {
        inline-size: 100%;
      }
      @container (max-width: 560px) {
        thead {
          position: absolute;
          clip-path: inset(50%);
          inline-size: 1px;
          block-size: 1px;
          overflow: hidden;
        }
        tr {
          display: grid;
          grid-template-columns: auto 1fr auto;
          gap: 2px 12px;
          padding-block: 8px;
          border-block-end: 1px solid var(--quiet);
        }
        td {
          border: 0;
          padding: 0;
        }
        td.why {
          grid-column: 2 / -1;
        }
        td.optional {
          display: none;
        }
        td.state {
          grid-column: 2;
        }
      }
    `];
	stop;
	asked = "";
	constructor() {
		super(), this.chosen = /* @__PURE__ */ new Set();
	}
	getCardSize() {
		return 10;
	}
	getGridOptions() {
		return { columns: "full" };
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this.stop?.(), this.stop = void 0, this.asked = "";
	}
	willUpdate() {
		let e = this.site;
		e?.admin && this.isConnected && this.asked !== e.entry_id && (this.asked = e.entry_id, this.stop?.(), this.stop = Ne(this.hass, {
			type: "sunfuse/new_chargers/subscribe",
			entry_id: e.entry_id
		}).listen((e) => {
			this.waiting = e, this.proposed = void 0;
		}));
	}
	content(e, t) {
		let n = ze(e), r = n.reduce((e, t) => e + (t.power_w ?? 0), 0);
		return E`
      <header>
        <h2>${this.config?.title ?? t("chargers")}</h2>
        <span class="quiet">${t("chargers_total", {
			count: n.length,
			power: B(this.hass, r)
		})}</span>
      </header>
      ${this.waiting?.waiting?.length ? this.acceptance(this.waiting, t) : k}
      ${n.length ? this.table(n, t) : E`<p class="quiet">${t("no_charger")}</p>`}
    `;
	}
	table(e, t) {
		let n = e.filter((e) => e.may_drive), r = n.filter((e) => this.chosen.has(e.id));
		return E`
      ${n.length > 1 ? this.actions(r, n, t) : k}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              ${n.length > 1 ? E`<th>
                    <input
                      type="checkbox"
                      aria-label=${t("choose_all")}
                      .checked=${r.length === n.length}
                      @change=${(e) => {
			let t = e.target.checked;
			this.chosen = new Set(t ? n.map(({ id: e }) => e) : []);
		}}
                    />
                  </th>` : k}
              <th>${t("charger")}</th>
              <th>${t("state")}</th>
              <th>${t("driver")}</th>
              <th class="number">${t("power")}</th>
              <th class="number">${t("energy")}</th>
              <th>${t("mode")}</th>
              <th>${t("reason")}</th>
            </tr>
          </thead>
          <tbody>
            ${e.map((e) => this.row(e, n.length > 1, t))}
          </tbody>
        </table>
      </div>
    `;
	}
	row(e, t, n) {
		let r = this.hass;
		return E`<tr>
      ${t ? E`<td>
            ${e.may_drive ? E`<input
                  type="checkbox"
                  aria-label=${n("choose", { charger: e.name })}
                  .checked=${this.chosen.has(e.id)}
                  @change=${() => {
			let t = new Set(this.chosen);
			t.delete(e.id) || t.add(e.id), this.chosen = t;
		}}
                />` : k}
          </td>` : k}
      <td><strong>${e.name}</strong></td>
      <td class="state">
        ${e.connected ? e.status ? L(r, "sensor", "status", e.status) : "–" : n("offline")}
      </td>
      <td class="optional">${e.vehicle ?? e.driver ?? ""}</td>
      <td class="number">${B(r, e.power_w ?? 0)}</td>
      <td class="number optional">${V(r, e.today_wh ?? e.session_wh)}</td>
      <td class="optional">${L(r, "select", "mode", e.mode)}</td>
      <td class="why">${e.reason.text}</td>
    </tr>`;
	}
	actions(e, t, n) {
		let r = (t) => e.flatMap((e) => e.entities[t] ?? []), i = e[0] ?? t[0], a = i ? We(this.hass, i) : [];
		return E`<div class="row" role="group" aria-label=${n("actions")}>
      <span>${n("chosen", { count: e.length })}</span>
      <select
        aria-label=${n("set_mode")}
        ?disabled=${!e.length}
        @change=${(e) => {
			let t = e.target, i = t.value;
			t.value = "", i && this.act("select", "select_option", {
				entity_id: r("mode"),
				option: i
			}, n("done"));
		}}
      >
        <option value="">${n("set_mode")}</option>
        ${a.map((e) => E`<option value=${e}>${L(this.hass, "select", "mode", e)}</option>`)}
      </select>
      <button
        ?disabled=${!e.length}
        @click=${() => this.act("switch", "turn_off", { entity_id: r("allowed") }, n("done"))}
      >
        ${n("pause")}
      </button>
      <button
        ?disabled=${!e.length}
        @click=${() => this.act("switch", "turn_on", { entity_id: r("allowed") }, n("done"))}
      >
        ${n("resume")}
      </button>
    </div>`;
	}
	acceptance(e, t) {
		return E`<form
      class="new"
      @submit=${(e) => {
			e.preventDefault(), this.accept(e.target, !this.proposed, t);
		}}
      @input=${() => {
			this.proposed = void 0;
		}}
    >
      <h3>${t("new_chargers", { count: e.waiting.length })}</h3>
      <p class="quiet">
        ${e.waiting.map(({ identity: e, vendor: t, model: n }) => `${e} (${t} ${n})`).join(", ")}
      </p>
      <div class="row">
        <label>${t("name_pattern")}<input name="pattern" required value=${t("name_default")} maxlength="60" /></label>
        <label>${t("first_number")}<input name="first" type="number" min="0" max="100000" value="1" required /></label>
        <label
          >${t("circuit")}<select name="circuit">
            ${e.circuits.map(({ id: e, name: t }) => E`<option value=${e}>${t}</option>`)}
          </select></label
        >
        <label>${t("maximum_current")}<input name="max_a" type="number" min="6" max="500" value="16" required /></label>
      </div>
      ${this.proposed ? E`<ul>
              ${this.proposed.map(({ identity: e, name: n, fail_safe_a: r }) => E`<li>${e}: ${t("proposed", {
			name: n,
			current: H(this.hass, r)
		})}</li>`)}
            </ul>
            <p class="quiet">${t("accept_note")}</p>` : k}
      <button class="main" type="submit">
        ${t(this.proposed ? "accept_all" : "accept_preview", { count: e.waiting.length })}
      </button>
    </form>`;
	}
	async accept(e, t, n) {
		let r = new FormData(e);
		try {
			let e = await this.hass.callWS({
				type: "sunfuse/new_chargers/accept",
				entry_id: this.site?.entry_id,
				identities: this.waiting?.waiting.map(({ identity: e }) => e),
				pattern: r.get("pattern"),
				first: Number(r.get("first")),
				circuit: r.get("circuit"),
				max_a: Number(r.get("max_a")),
				preview: t
			});
			this.proposed = t ? e : void 0, t || (this.announced = n("done"));
		} catch (e) {
			this.announced = e.message;
		}
	}
});
// src/plan-card.ts
var Ge = 240, q = 16, J = 44, Y = 48, X = 9e5, Ke = [
	"#4269d0",
	"#d1495b",
	"#3ca951",
	"#a463f2",
	"#0d9488",
	"#97785a",
	"#ef8e2d",
	"#5f8dd3"
];
function Z(e) {
	return `var(--graph-color-${e + 1}, ${Ke[e % Ke.length]})`;
}
K("sunfuse-plan-card", class extends R {
	static properties = {
		...R.properties,
		plan: { state: !0 },
		trial: { state: !0 },
		step: { state: !0 },
		width: { state: !0 }
	};
	static styles = [I, o`
      .chart {
        direction: ltr;
        position: relative;
        touch-action: pan-y;
      }
      svg {
        display: block;
        inline-size: 100%;
        block-size: ${Ge}px;
        overflow: visible;
      }
      text {
        fill: var(--secondary-text-color);
        font-size: 11px;
      }
      .sun {
        fill: var(--sun);
        opacity: 0.3;
      }
      .house {
        fill: none;
        stroke: var(--house);
        stroke-width: 2;
      }
      .price {
        fill: none;
        stroke: var(--primary-text-color);
        stroke-width: 1.5;
        stroke-dasharray: 2 2;
      }
      .limit {
        stroke: var(--error-color, #db4437);
        stroke-width: 1.5;
        stroke-dasharray: 6 4;
      }
      .grid {
        stroke: var(--quiet);
      }
      .chosen {
        fill: var(--primary-text-color);
        opacity: 0.1;
      }
      .departure {
        cursor: ew-resize;
        touch-action: none;
      }
      .departure line {
        stroke-width: 2;
      }
      .departure circle {
        stroke: var(--card-background-color, #fff);
        stroke-width: 2;
      }
      .departure:focus-visible {
        outline: 3px solid var(--primary-color);
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
      .slot {
        min-block-size: 2.8em;
        margin-block: 8px;
      }
      .trial {
        border: 2px solid var(--primary-color);
        border-radius: 12px;
        padding: 12px;
        margin-block: 8px;
      }
      td input {
        min-inline-size: 12em;
      }
    `];
	stop;
	asked = "";
	sizes;
	constructor() {
		super(), this.width = 600;
	}
	getGridOptions() {
		return { columns: "full" };
	}
	connectedCallback() {
		super.connectedCallback(), this.sizes = new ResizeObserver(([e]) => {
			e && (this.width = Math.max(240, e.contentRect.width - 32));
		}), this.sizes.observe(this);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this.sizes?.disconnect(), this.stop?.(), this.stop = void 0, this.asked = "";
	}
	willUpdate() {
		let e = this.site;
		e?.entry_id && this.isConnected && this.asked !== e.entry_id && (this.asked = e.entry_id, this.stop?.(), this.stop = Ne(this.hass, {
			type: "sunfuse/plan/subscribe",
			entry_id: e.entry_id
		}).listen((e) => {
			this.plan = e;
		}));
	}
	content(e, t) {
		let n = this.plan, r = this.trial?.plan ?? n;
		return E`
      <header>
        <h2>${this.config?.title ?? t("plan")}</h2>
        ${n?.made_at ? E`<span class="quiet">${t("made_at", { time: G(this.hass, n.made_at) })}</span>` : k}
      </header>
      ${n?.failing ? E`<p class="error">${t("plan_failing")}</p>` : k}
      ${n && r?.starts?.length ? E`${this.chart(n, r, t)} ${this.numbers(r, n, t)} ${this.proposal(n, t)}
          ${this.cars(n, t)}` : E`<p class="quiet">${t("no_plan")}</p>`}
    `;
	}
	times(e) {
		let t = (e.starts ?? []).map((e) => Date.parse(e));
		return [...t, e.end ? Date.parse(e.end) : (t[t.length - 1] ?? 0) + X];
	}
	x(e, t) {
		let n = t[0] ?? 0, r = t[t.length - 1] ?? n + 1;
		return J + (e - n) / (r - n) * (this.width - J - Y);
	}
	at(e, t) {
		let n = t[0] ?? 0, r = t[t.length - 1] ?? n + 1;
		return n + (e - J) / (this.width - J - Y) * (r - n);
	}
	chart(e, t, n) {
		let r = this.times(t), i = r.length - 1, a = t.cars ?? [], o = Array.from({ length: i }, (e, t) => a.reduce((e, n) => e + (n.power_w[t] ?? 0), 0)), s = Math.max(2e3, ...o, ...t.sun_w ?? [], ...t.house_w ?? []), c = t.limit_w && t.limit_w < s * 2 ? t.limit_w : null, l = Math.ceil(Math.max(s, c ?? 0) / 2e3) * 2e3, u = (e) => 216 - e / l * 200, d = r.map((e) => this.x(e, r)), ee = (e) => `M${d[0]} 216` + e.map((e, t) => `L${d[t]} ${u(e)}L${d[t + 1]} ${u(e)}`).join("") + `L${d[i]} 216Z`, f = (e, t) => e.map((e, n) => `${n ? "L" : "M"}${d[n]} ${t(e)}L${d[n + 1]} ${t(e)}`).join(""), p = t.price ?? [], m = Math.max(.01, ...p), h = Math.min(0, ...p), te = (e) => 216 - (e - h) / (m - h) * 200, ne = Array(i).fill(0);
		return E`<div
      class="chart"
      role="group"
      tabindex="0"
      aria-label=${n("plan_chart")}
      @pointermove=${(e) => this.point(e, r)}
      @pointerdown=${(e) => this.point(e, r)}
      @keydown=${(e) => this.move(e, i)}
    >
      <svg viewBox="0 0 ${this.width} ${Ge}">
        ${[
			0,
			.5,
			1
		].map((e) => D`<line class="grid" x1=${J} x2=${this.width - Y} y1=${u(l * e)} y2=${u(l * e)} />
            <text x=${38} y=${u(l * e) + 4} text-anchor="end">${z(this.hass, l * e / 1e3, 0)}</text>`)}
        <text x=${38} y=${11} text-anchor="end">kW</text>
        ${this.hours(r, 216)}
        ${t.sun_w ? D`<path class="sun" d=${ee(t.sun_w)} />` : k}
        ${a.map((e, t) => e.power_w.map((e, n) => {
			if (!e) return k;
			let r = ne[n] ?? 0;
			ne[n] = r + e;
			let i = d[n] ?? 0;
			return D`<rect x=${i + .5} width=${Math.max(1, (d[n + 1] ?? 0) - i - 1)}
              y=${u(r + e)} height=${u(r) - u(r + e)} style="fill:${Z(t)}" />`;
		}))}
        ${t.house_w ? D`<path class="house" d=${f(t.house_w, u)} />` : k}
        ${c ? D`<line class="limit" x1=${J} x2=${this.width - Y} y1=${u(c)} y2=${u(c)} />` : k}
        ${p.length ? D`<path class="price" d=${f(p, te)} />
            <text x=${this.width - Y + 6} y=${te(m) + 4}>${z(this.hass, m, 2)}</text>
            <text x=${this.width - Y + 6} y=${11}>${e.currency}</text>` : k}
        ${this.step !== void 0 && d[this.step + 1] !== void 0 ? D`<rect class="chosen" x=${d[this.step]} width=${(d[this.step + 1] ?? 0) - (d[this.step] ?? 0)} y=${q} height=${200} />` : k}
        ${(e.cars ?? []).map((e, t) => this.departure(e, t, r, 216, n))}
      </svg>
      <div class="row key" aria-hidden="true">
        ${a.map((e, t) => E`<span><i style="background:${Z(t)}"></i>${e.name}</span>`)}
        ${t.sun_w ? E`<span><i style="background:var(--sun);opacity:.4"></i>${n("sun")}</span>` : k}
        ${t.house_w ? E`<span><i style="background:var(--house)"></i>${n("house")}</span>` : k}
        ${p.length ? E`<span>┄ ${n("price")}</span>` : k}
        ${c ? E`<span>╌ ${n("limit")}</span>` : k}
      </div>
    </div>`;
	}
	hours(e, t) {
		let n = e[0] ?? 0, r = e[e.length - 1] ?? 0, i = (r - n) / 36e5, a = [
			1,
			2,
			3,
			6,
			12
		].find((e) => i / e * 56 < this.width) ?? 24, o = [], s = {
			timeZone: this.hass.config.time_zone,
			hour: "2-digit",
			hour12: !1
		};
		for (let i = Math.ceil(n / 36e5) * 36e5; i <= r; i += 36e5) {
			let n = Number(new Date(i).toLocaleString("en-GB", s)) % 24;
			if (n % a) continue;
			let r = this.x(i, e);
			o.push(D`<line class="grid" x1=${r} x2=${r} y1=${q} y2=${t} />
        <text x=${r} y=${234} text-anchor="middle">${n}:00</text>`);
		}
		return o;
	}
	departure(e, t, n, r, i) {
		let a = this.trial?.car === e.id ? this.trial.at : e.departure ? Date.parse(e.departure) : null, o = n[n.length - 1] ?? 0;
		if (a === null || a > o) return k;
		let s = this.x(a, n), c = G(this.hass, new Date(a).toISOString()), l = D`<line x1=${s} x2=${s} y1=${q} y2=${r} style="stroke:${Z(t)}" />
      <circle cx=${s} cy=${q} r="9" style="fill:${Z(t)}" />`;
		return e.may_drive ? D`<g
      class="departure"
      role="slider"
      tabindex="0"
      aria-label=${i("departure_of", { car: e.name })}
      aria-valuemin=${n[0] ?? 0}
      aria-valuemax=${o}
      aria-valuenow=${a}
      aria-valuetext=${c}
      @pointerdown=${(t) => this.drag(t, e, n)}
      @keydown=${(t) => this.nudge(t, e, a, n)}
    >${l}<rect x=${s - 22} y="0" width="44" height=${r} fill="transparent" /></g>` : D`<g>${l}</g>`;
	}
	point(e, t) {
		let n = e.currentTarget.getBoundingClientRect(), r = this.at(e.clientX - n.left, t), i = t.findIndex((e, n) => e <= r && r < (t[n + 1] ?? 0));
		this.step = i < 0 ? void 0 : i;
	}
	move(e, t) {
		let n = {
			ArrowRight: 1,
			ArrowLeft: -1
		}[e.key];
		n && e.target === e.currentTarget && (this.step = Math.min(t - 1, Math.max(0, (this.step ?? -1) + n)), e.preventDefault());
	}
	drag(e, t, n) {
		let r = e.currentTarget, i = r.ownerSVGElement;
		r.setPointerCapture(e.pointerId), e.preventDefault();
		let a = (e) => {
			this.place(t, this.at(e.clientX - i.getBoundingClientRect().left, n), n);
		}, o = () => {
			r.removeEventListener("pointermove", a), r.removeEventListener("pointerup", o), r.removeEventListener("pointercancel", o), this.tryOut();
		};
		r.addEventListener("pointermove", a), r.addEventListener("pointerup", o), r.addEventListener("pointercancel", o);
	}
	nudge(e, t, n, r) {
		let i = {
			ArrowRight: 1,
			ArrowUp: 1,
			ArrowLeft: -1,
			ArrowDown: -1,
			PageUp: 4,
			PageDown: -4
		}[e.key];
		i && (e.preventDefault(), e.stopPropagation(), this.place(t, n + i * X, r), this.tryOut());
	}
	place(e, t, n) {
		let r = (n[0] ?? 0) + X, i = n[n.length - 1] ?? r, a = Math.round(t / X) * X, o = this.trial?.car === e.id ? this.trial.plan : void 0;
		this.trial = {
			car: e.id,
			at: Math.min(i, Math.max(r, a)),
			...o ? { plan: o } : {}
		};
	}
	async tryOut() {
		let e = this.trial;
		if (e) try {
			let t = await this.hass.callWS({
				type: "sunfuse/plan/preview",
				entry_id: this.site?.entry_id,
				charger: e.car,
				departure: new Date(e.at).toISOString()
			});
			this.trial?.car === e.car && this.trial.at === e.at && (this.trial = {
				...e,
				plan: t
			});
		} catch (t) {
			this.trial = {
				...e,
				problem: t.message
			};
		}
	}
	async keep(e, t) {
		let n = this.plan?.speed ?? 1, r = this.plan?.made_at ? Date.parse(this.plan.made_at) : Date.now(), i = n === 1 ? t : Date.now() + (t - r) / n, a = this.say?.("departure_set") ?? "";
		await this.act("sunfuse", "set_departure", {
			device_id: e.device_id,
			departure: new Date(i).toISOString()
		}, a) ? this.trial = void 0 : this.trial &&= {
			...this.trial,
			problem: this.announced
		};
	}
	proposal(e, t) {
		let n = this.trial, r = e.cars?.find(({ id: e }) => e === n?.car);
		if (!n || !r) return k;
		let i = n.plan?.cars?.find(({ id: e }) => e === n.car), a = G(this.hass, new Date(n.at).toISOString());
		return E`<div class="trial" role="group" aria-label=${t("preview")}>
      <strong>${t("if_leaving", {
			car: r.name,
			time: a
		})}</strong>
      ${n.problem ? E`<p class="error">${n.problem}</p>` : k}
      ${i ? E`<p>
              ${t("preview_costs", {
			cost: W(this.hass, i.cost, e.currency),
			before: W(this.hass, r.cost, e.currency),
			saving: W(this.hass, i.saving, e.currency)
		})}
            </p>
            ${i.missing_wh ? E`<p class="error">${t("misses", { energy: V(this.hass, i.missing_wh) })}</p>` : k}` : n.problem ? k : E`<p class="quiet">${t("loading")}</p>`}
      <div class="row">
        <button class="main" ?disabled=${!i} @click=${() => this.keep(r, n.at)}>${t("keep")}</button>
        <button
          @click=${() => {
			this.trial = void 0;
		}}
        >
          ${t("cancel")}
        </button>
      </div>
    </div>`;
	}
	numbers(e, t, n) {
		let r = this.step, i = r === void 0 ? void 0 : e.starts?.[r];
		if (r === void 0 || !i) return E`<p class="slot quiet">${n("touch_slot")}</p>`;
		let a = this.hass, o = [
			e.sun_w ? `${n("sun")} ${B(a, e.sun_w[r])}` : "",
			e.house_w ? `${n("house")} ${B(a, e.house_w[r])}` : "",
			...(e.cars ?? []).filter((e) => e.power_w[r]).map((e) => `${e.name} ${B(a, e.power_w[r])}`),
			e.price ? `${n("price")} ${z(a, e.price[r] ?? 0, 3)} ${t.currency}/kWh` : ""
		];
		return E`<p class="slot" aria-live="polite">
      <strong>${G(a, i)}</strong> ${o.filter(Boolean).join(" · ")}
    </p>`;
	}
	cars(e, t) {
		let n = this.hass, r = (e.cars ?? []).filter((e) => e.energy_wh || e.departure || e.may_drive);
		if (!r.length) return k;
		let i = this.local(Date.now());
		return E`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th>${t("charger")}</th>
            <th>${t("departure")}</th>
            <th>${t("ready")}</th>
            <th class="number">${t("energy")}</th>
            <th class="number">${t("cost")}</th>
            <th class="number">${t("saving")}</th>
            <th class="number">${t("sun_share")}</th>
          </tr>
        </thead>
        <tbody>
          ${r.map((r) => E`<tr>
              <td>${r.name}</td>
              <td>
                ${r.may_drive ? E`<input
                      type="datetime-local"
                      aria-label=${t("departure_of", { car: r.name })}
                      min=${i}
                      .value=${r.departure ? this.local(Date.parse(r.departure)) : ""}
                      @change=${(e) => {
			let t = this.instant(e.target.value);
			Number.isNaN(t) || (this.trial = {
				car: r.id,
				at: t
			}, this.tryOut());
		}}
                    />` : r.departure ? G(n, r.departure) : "–"}
              </td>
              <td>${r.missing_wh ? t("misses", { energy: V(n, r.missing_wh) }) : r.ready ? G(n, r.ready) : "–"}</td>
              <td class="number">${V(n, r.energy_wh)}</td>
              <td class="number">${W(n, r.cost, e.currency)}</td>
              <td class="number">${W(n, r.saving, e.currency)}</td>
              <td class="number">${U(n, r.sun_share * 100)}</td>
            </tr>`)}
        </tbody>
      </table>
    </div>`;
	}
	local(e) {
		return new Date(e).toLocaleString("sv-SE", { timeZone: this.hass.config.time_zone }).replace(" ", "T").slice(0, 16);
	}
	instant(e) {
		let t = Date.parse(`${e}:00Z`);
		return t - (Date.parse(`${this.local(t)}:00Z`) - t);
	}
});
// src/report-panel.ts
var qe = [
	7,
	14,
	30,
	90
], Je = 3600;
K("sunfuse-report", class extends F {
	static properties = {
		path: { state: !0 },
		problem: { state: !0 },
		localize: { state: !0 }
	};
	static styles = o`
    :host { display: flex; flex-direction: column; block-size: 100vh; block-size: 100dvh;
      background: var(--primary-background-color); color: var(--primary-text-color); }
    nav { display: flex; align-items: center; gap: 8px; padding: 0 12px; min-block-size: 56px;
      background: var(--app-header-background-color, var(--primary-color));
      color: var(--app-header-text-color, #fff); }
    nav h1 { flex: 1; margin: 0; font-size: 20px; font-weight: 400; overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap; }
    nav button, nav select, nav a { font: inherit; color: inherit; background: none;
      border: 1px solid currentColor; border-radius: 8px; padding: 6px 10px; cursor: pointer;
      text-decoration: none; }
    nav .back { border: 0; font-size: 22px; line-height: 1; }
    :host(:dir(rtl)) .back { transform: scaleX(-1); }
    nav option { color: #000; }
    iframe { flex: 1; inline-size: 100%; border: 0; }
    p { padding: 16px; }
  `;
	days = 14;
	home;
	site;
	set hass(e) {
		let t = this.home;
		this.home = e;
		let n = !t || t.language !== e.language;
		n && e.loadBackendTranslation("common", "sunfuse").then((e) => {
			this.localize = e;
		}), (n || t?.themes?.darkMode !== e.themes?.darkMode) && this.sign();
	}
	set route(e) {
		let t = (e?.path ?? "").split("/").filter(Boolean)[0];
		t !== this.site && (this.site = t, this.sign());
	}
	async sign() {
		if (!this.home || !this.site) return;
		let e = new URLSearchParams({
			days: String(this.days),
			language: this.home.language,
			theme: this.home.themes?.darkMode ? "dark" : "light"
		}), t = `/api/sunfuse/report/${encodeURIComponent(this.site)}?${e}`;
		try {
			let e = await this.home.callWS({
				type: "auth/sign_path",
				path: t,
				expires: Je
			});
			this.path = e.path, this.problem = void 0;
		} catch (e) {
			this.problem = e.message ?? String(e);
		}
	}
	render() {
		let e = this.localize;
		if (!e) return k;
		let t = (t, n) => e(`component.sunfuse.common.report_${t}`, n) || t;
		return E`
      <nav>
        <button class="back" title=${t("back")} aria-label=${t("back")} @click=${() => history.back()}>←</button>
        <h1>${t("title")}</h1>
        <select
          aria-label=${t("days")}
          @change=${(e) => {
			this.days = Number(e.target.value), this.sign();
		}}
        >
          ${qe.map((e) => E`<option value=${e} ?selected=${e === this.days}>${t("last_days", { days: e })}</option>`)}
        </select>
        ${this.path ? E`<a href=${this.path} target="_blank" rel="noopener">${t("open")}</a>` : k}
      </nav>
      ${this.problem ? E`<p role="alert">${this.problem}</p>` : k}
      ${this.path ? E`<iframe src=${this.path} title=${t("title")}></iframe>` : k}
    `;
	}
});
// src/setup-panel.ts
var Q = "sunfuse-site";
K("sunfuse-dashboard", class extends F {
	static properties = {
		say: { state: !0 },
		problem: { state: !0 }
	};
	static styles = o`
    :host { display: block; padding: 24px; }
  `;
	begun = !1;
	set hass(e) {
		this.begun || (this.begun = !0, Le(e).then((e) => {
			this.say = e;
		}), this.make(e));
	}
	async make(e) {
		try {
			(await e.callWS({ type: "lovelace/dashboards/list" })).some(({ url_path: e }) => e === "sunfuse-site") || (await e.callWS({
				type: "lovelace/dashboards/create",
				url_path: Q,
				mode: "storage",
				title: "Sunfuse",
				icon: "mdi:ev-station",
				show_in_sidebar: !0,
				require_admin: !1
			}), await e.callWS({
				type: "lovelace/config/save",
				url_path: Q,
				config: { strategy: { type: "custom:sunfuse" } }
			})), Be(`/${Q}`, !0);
		} catch (e) {
			this.problem = e.message ?? String(e);
		}
	}
	render() {
		return E`<p role="status">${this.problem ?? this.say?.("making_dashboard") ?? ""}</p>`;
	}
});
// src/site-card.ts
var Ye = 30;
K("sunfuse-site-card", class extends R {
	static styles = [I, o`
      .flows {
        position: relative;
        inline-size: 100%;
        max-inline-size: 420px;
        margin-inline: auto;
        aspect-ratio: 300 / 236;
      }
      .flows svg {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
      }
      .node {
        position: absolute;
        transform: translate(-50%, -50%);
        inline-size: 84px;
        block-size: 84px;
        border-radius: 50%;
        border: 2px solid var(--colour);
        background: var(--card-background-color, #fff);
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        text-align: center;
        font-size: 12px;
        line-height: 1.25;
      }
      .node ha-icon {
        --mdc-icon-size: 20px;
        color: var(--colour);
      }
      .node strong {
        font-size: 14px;
        font-weight: 500;
        font-variant-numeric: tabular-nums;
      }
      path {
        fill: none;
        stroke: var(--quiet);
        stroke-width: 2;
      }
      path.moves {
        stroke: var(--colour);
        stroke-width: 3;
        stroke-dasharray: 3 9;
        stroke-linecap: round;
        animation: move 1.2s linear infinite;
      }
      path.out {
        animation-direction: reverse;
      }
      @keyframes move {
        from {
          stroke-dashoffset: 12;
        }
        to {
          stroke-dashoffset: 0;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        path.moves {
          animation: none;
        }
      }
      .phase {
        display: grid;
        grid-template-columns: 2em 1fr 8.5em;
        align-items: center;
        gap: 8px;
        font-size: 13px;
        font-variant-numeric: tabular-nums;
      }
      .phase span:last-child {
        text-align: end;
      }
      .bar {
        display: flex;
        block-size: 14px;
        border-radius: 7px;
        overflow: hidden;
        background: var(--quiet);
      }
      .bar i {
        display: block;
        block-size: 100%;
      }
      .bar .other {
        background: var(--house);
      }
      .bar .cars {
        background: var(--cars);
      }
      .bar .over {
        background: var(--error-color, #db4437);
      }
      .key {
        font-size: 12px;
        color: var(--secondary-text-color);
        margin-block-start: 6px;
      }
      .key i {
        display: inline-block;
        inline-size: 10px;
        block-size: 10px;
        border-radius: 5px;
        margin-inline-end: 4px;
      }
      .small {
        min-block-size: 32px;
        font-size: 13px;
      }
    `];
	content(e, t) {
		let { flows: n, circuits: r } = e, i = r?.find((e) => e.parent === null);
		return E`
      <header>
        <h2>${this.config?.title ?? e.title}</h2>
        ${i?.state ? E`<span class="chip ${i.state === "ok" ? "good" : "bad"}"
              >${L(this.hass, "sensor", "state", i.state)}</span
            >` : k}
      </header>
      ${e.available ? k : E`<p class="error">${t("site_failed")}</p>`}
      ${n ? this.flows(n, e, t) : E`<p class="quiet">${t("only_chargers")}</p>`}
      ${r?.map((n) => this.circuit(n, e, t))}
      ${r ? E`<p class="key row" aria-hidden="true">
            <span><i style="background:var(--house)"></i>${t("other_loads")}</span>
            <span><i style="background:var(--cars)"></i>${t("cars")}</span>
          </p>` : k}
      ${e.peaks?.map((e) => this.peak(e, t))} ${this.limits(e, t)}
    `;
	}
	flows(e, t, n) {
		let r = this.hass, i = e.grid_w ?? 0, a = e.battery_w ?? 0, o = [];
		return e.solar_w !== null && o.push({
			name: "sun",
			icon: "mdi:solar-power",
			x: 150,
			y: 44,
			watts: e.solar_w,
			inward: e.solar_w
		}), o.push({
			name: "grid",
			icon: "mdi:transmission-tower",
			x: 44,
			y: 118,
			watts: e.grid_w === null ? null : Math.abs(i),
			inward: i,
			detail: Math.abs(i) < Ye ? "" : n(i > 0 ? "imports" : "exports")
		}), o.push({
			name: "house",
			icon: "mdi:home",
			x: 256,
			y: 118,
			watts: e.house_w,
			inward: -(e.house_w ?? 0)
		}), e.battery_w !== null && o.push({
			name: "battery",
			icon: "mdi:home-battery",
			x: 96,
			y: 192,
			watts: Math.abs(a),
			inward: a,
			detail: e.battery_soc === null ? "" : U(r, e.battery_soc)
		}), o.push({
			name: "cars",
			icon: "mdi:car-electric",
			x: e.battery_w === null ? 150 : 204,
			y: 192,
			watts: e.cars_w,
			inward: -(e.cars_w ?? 0)
		}), E`
      <div class="flows" role="group" aria-label=${n("flows")}>
        <svg viewBox="0 0 300 236" aria-hidden="true">
          ${o.map((e) => {
			let t = Math.abs(e.inward) >= Ye;
			return D`<path d="M${e.x} ${e.y} L150 118" style="--colour:var(--${e.name})"
              class="${t ? "moves" : ""} ${e.inward < 0 ? "out" : ""}" />`;
		})}
        </svg>
        ${o.map((e) => E`<div
            class="node"
            style="--colour:var(--${e.name});left:${e.x / 300 * 100}%;top:${e.y / 236 * 100}%"
          >
            <ha-icon icon=${e.icon} aria-hidden="true"></ha-icon>
            <span>${n(e.name)}</span>
            <strong>${B(r, e.watts)}</strong>
            ${e.detail ? E`<span>${e.detail}</span>` : k}
          </div>`)}
      </div>
      ${t.surplus_w ? E`<p>${n("surplus", { power: B(r, t.surplus_w) })}</p>` : k}
    `;
	}
	circuit(e, t, n) {
		let r = this.hass, i = e.limit_entity;
		return E`
      <div class="row spread">
        <h3>${e.name}</h3>
        ${i && t.admin ? E`<button class="small" @click=${() => Ve(this, i)} aria-label=${n("change_limit_of", { circuit: e.name })}>
              ${n("change_limit")}
            </button>` : k}
      </div>
      ${e.limit_a.map((i, a) => {
			let o = Math.max(0, e.other_a[a] ?? 0), s = (e.other_a[a] ?? 0) + (e.cars_a[a] ?? 0), c = Math.max(0, s - o);
			if (i <= 0) return k;
			let l = Math.max(i, o + c), u = t.phases === 1 ? "" : `L${a + 1}`, d = n("of_limit", {
				current: H(r, s),
				limit: H(r, i)
			});
			return E`<div class="phase">
          <span>${u}</span>
          <div
            class="bar"
            role="meter"
            aria-label="${e.name} ${u}"
            aria-valuemin="0"
            aria-valuemax=${i}
            aria-valuenow=${Math.max(0, Math.min(s, i))}
            aria-valuetext=${d}
          >
            <i class="other" style="inline-size:${o / l * 100}%"></i>
            <i class=${s > i ? "over" : "cars"} style="inline-size:${c / l * 100}%"></i>
          </div>
          <span>${d}</span>
        </div>`;
		})}
      ${e.why ? E`<p>${e.why}</p>` : k}
    `;
	}
	peak(e, t) {
		let n = this.hass, r = Math.max(e.target_w ?? 0, e.interval_w, e.month_w, 1);
		return E`
      <h3>${e.name}</h3>
      <div class="phase">
        <span></span>
        <div
          class="bar"
          role="meter"
          aria-label=${t("interval_peak")}
          aria-valuemin="0"
          aria-valuemax=${r}
          aria-valuenow=${e.interval_w}
          aria-valuetext=${B(n, e.interval_w)}
        >
          <i class="cars" style="inline-size:${e.interval_w / r * 100}%"></i>
        </div>
        <span>${B(n, e.interval_w)}</span>
      </div>
      <p>
        ${t("peak", {
			until: G(n, e.interval_end),
			allowed: B(n, e.may_draw_w),
			month: B(n, e.month_w)
		})}
        ${e.cost === null ? k : W(n, e.cost, this.site?.currency ?? "EUR")}
      </p>
    `;
	}
	limits(e, t) {
		let n = this.hass;
		return e.limits?.length ? E`
      <h3>${t("limits_now")}</h3>
      ${e.limits.map((e) => {
			let r = e.power_w === null ? e.current_a === null ? "" : `${H(n, e.current_a)} A` : B(n, e.power_w);
			return E`<p>
          ${e.name}: ${r}
          ${e.until ? E`<span class="quiet">${t("until", { time: G(n, e.until) })}</span>` : k}
        </p>`;
		})}
    ` : k;
	}
});
// src/strategy.ts
var Xe = 6;
function $(...e) {
	return {
		type: "grid",
		cards: e
	};
}
function Ze(e, t) {
	let n = { site: e.entry_id }, r = [];
	if (e.whole && r.push($({
		type: "custom:sunfuse-site-card",
		...n
	})), e.chargers.length > Xe) r.push({
		...$({
			type: "custom:sunfuse-chargers-card",
			...n,
			grid_options: { columns: "full" }
		}),
		column_span: 3
	});
	else {
		for (let t of e.chargers) r.push($({
			type: "custom:sunfuse-charger-card",
			...n,
			charger: t
		}));
		e.whole && e.chargers.length !== 1 && r.push({
			...$({
				type: "custom:sunfuse-chargers-card",
				...n,
				grid_options: { columns: "full" }
			}),
			column_span: 2
		});
	}
	return e.chargers.length && r.push({
		...$({
			type: "custom:sunfuse-plan-card",
			...n,
			grid_options: { columns: "full" }
		}),
		column_span: 2
	}), e.chargers.length && r.push({
		...$({
			type: "custom:sunfuse-sessions-card",
			...n,
			grid_options: { columns: "full" }
		}),
		column_span: 2
	}), e.whole && r.push($({
		type: "custom:sunfuse-capacity-card",
		...n
	})), {
		title: e.title || t("site"),
		path: e.entry_id.toLowerCase(),
		type: "sections",
		max_columns: 4,
		sections: r
	};
}
K("ll-strategy-dashboard-sunfuse", class extends HTMLElement {
	static registryDependencies = ["entities", "devices"];
	static async generate(e, t) {
		let [n, r] = await Promise.all([Le(t), t.callWS({ type: "sunfuse/sites" })]);
		if (r.length) return { views: r.map((e) => Ze(e, n)) };
		let i = t.user?.is_admin ? ` [${n("add_site")}](/config/integrations/dashboard/add?domain=sunfuse)` : "";
		return { views: [{
			title: "Sunfuse",
			cards: [{
				type: "markdown",
				content: `${n("no_site")}${i}`
			}]
		}] };
	}
}), window.customStrategies = window.customStrategies ?? [], window.customStrategies.push({
	type: "sunfuse",
	strategyType: "dashboard",
	name: "Sunfuse",
	description: "EV chargers, sun, plan and sessions of each site"
});
// src/index.ts
var Qe = [
	[
		"sunfuse-site-card",
		"Sunfuse: site",
		"Flows, circuits, peak and limits of a site"
	],
	[
		"sunfuse-charger-card",
		"Sunfuse: charger",
		"What a charger does and why, with mode, boost and pause"
	],
	[
		"sunfuse-chargers-card",
		"Sunfuse: chargers",
		"All chargers in one table, and new ones to accept"
	],
	[
		"sunfuse-plan-card",
		"Sunfuse: plan",
		"The coming hours, with departures to drag and a preview"
	],
	[
		"sunfuse-capacity-card",
		"Sunfuse: capacity",
		"How much the grid connection carries, hour by hour"
	]
];
window.customCards = window.customCards ?? [];
for (let [e, t, n] of Qe) window.customCards.push({
	type: e,
	name: t,
	description: n,
	preview: !0
});
