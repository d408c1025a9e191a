/* sources 8f5f7ec5d05eb700b0dec8f080f52d834ef9b7423d04622c94aba0d3655bce84 */
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
})(e) : e, { is: l, defineProperty: u, getOwnPropertyDescriptor: d, getOwnPropertyNames: f, getOwnPropertySymbols: p, getPrototypeOf: m } = Object, h = globalThis, ee = h.trustedTypes, te = ee ? ee.emptyScript : "", ne = h.reactiveElementPolyfillSupport, g = (e, t) => e, re = {
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
Symbol.metadata ??= Symbol("metadata"), h.litPropertyMetadata ??= /* @__PURE__ */ new WeakMap();
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
		let e = m(this);
		e.finalize(), e.l !== void 0 && (this.l = [...e.l]), this.elementProperties = new Map(e.elementProperties);
	}
	static finalize() {
		if (this.hasOwnProperty(g("finalized"))) return;
		if (this.finalized = !0, this._$Ei(), this.hasOwnProperty(g("properties"))) {
			let e = this.properties, t = [...f(e), ...p(e)];
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
_.elementStyles = [], _.shadowRootOptions = { mode: "open" }, _[g("elementProperties")] = /* @__PURE__ */ new Map(), _[g("finalized")] = /* @__PURE__ */ new Map(), ne?.({ ReactiveElement: _ }), (h.reactiveElementVersions ??= []).push("2.1.2");
// node_modules/lit-html/lit-html.js
var oe = globalThis, se = (e) => e, ce = oe.trustedTypes, le = ce ? ce.createPolicy("lit-html", { createHTML: (e) => e }) : void 0, ue = "$lit$", v = `lit$${Math.random().toFixed(9).slice(2)}$`, de = "?" + v, fe = `<${de}>`, y = document, pe = () => y.createComment(""), me = (e) => e === null || typeof e != "object" && typeof e != "function", he = Array.isArray, ge = (e) => he(e) || typeof e?.[Symbol.iterator] == "function", _e = "[ 	\n\f\r]", ve = /<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g, ye = /-->/g, be = />/g, b = RegExp(`>|${_e}(?:([^\\s"'>=/]+)(${_e}*=${_e}*(?:[^ \t\n\f\r"'\`<>=]|("|')|))|$)`, "g"), xe = /'/g, Se = /"/g, Ce = /^(?:script|style|textarea|title)$/i, we = (e) => (t, ...n) => ({
	_$litType$: e,
	strings: t,
	values: n
}), x = we(1), S = we(2), C = Symbol.for("lit-noChange"), w = Symbol.for("lit-nothing"), Te = /* @__PURE__ */ new WeakMap(), T = y.createTreeWalker(y, 129);
function Ee(e, t) {
	if (!he(e) || !e.hasOwnProperty("raw")) throw Error("invalid template strings array");
	return le === void 0 ? t : le.createHTML(t);
}
var De = (e, t) => {
	let n = e.length - 1, r = [], i, a = t === 2 ? "<svg>" : t === 3 ? "<math>" : "", o = ve;
	for (let t = 0; t < n; t++) {
		let n = e[t], s, c, l = -1, u = 0;
		for (; u < n.length && (o.lastIndex = u, c = o.exec(n), c !== null);) u = o.lastIndex, o === ve ? c[1] === "!--" ? o = ye : c[1] === void 0 ? c[2] === void 0 ? c[3] !== void 0 && (o = b) : (Ce.test(c[2]) && (i = RegExp("</" + c[2], "g")), o = b) : o = be : o === b ? c[0] === ">" ? (o = i ?? ve, l = -1) : c[1] === void 0 ? l = -2 : (l = o.lastIndex - c[2].length, s = c[1], o = c[3] === void 0 ? b : c[3] === "\"" ? Se : xe) : o === Se || o === xe ? o = b : o === ye || o === be ? o = ve : (o = b, i = void 0);
		let d = o === b && e[t + 1].startsWith("/>") ? " " : "";
		a += o === ve ? n + fe : l >= 0 ? (r.push(s), n.slice(0, l) + ue + n.slice(l) + v + d) : n + v + (l === -2 ? t : d);
	}
	return [Ee(e, a + (e[n] || "<?>") + (t === 2 ? "</svg>" : t === 3 ? "</math>" : "")), r];
}, Oe = class e {
	constructor({ strings: t, _$litType$: n }, r) {
		let i;
		this.parts = [];
		let a = 0, o = 0, s = t.length - 1, c = this.parts, [l, u] = De(t, n);
		if (this.el = e.createElement(l, r), T.currentNode = this.el.content, n === 2 || n === 3) {
			let e = this.el.content.firstChild;
			e.replaceWith(...e.childNodes);
		}
		for (; (i = T.nextNode()) !== null && c.length < s;) {
			if (i.nodeType === 1) {
				if (i.hasAttributes()) for (let e of i.getAttributeNames()) if (e.endsWith(ue)) {
					let t = u[o++], n = i.getAttribute(e).split(v), r = /([.?@])?(.*)/.exec(t);
					c.push({
						type: 1,
						index: a,
						name: r[2],
						strings: n,
						ctor: r[1] === "." ? Me : r[1] === "?" ? Ne : r[1] === "@" ? Pe : je
					}), i.removeAttribute(e);
				} else e.startsWith(v) && (c.push({
					type: 6,
					index: a
				}), i.removeAttribute(e));
				if (Ce.test(i.tagName)) {
					let e = i.textContent.split(v), t = e.length - 1;
					if (t > 0) {
						i.textContent = ce ? ce.emptyScript : "";
						for (let n = 0; n < t; n++) i.append(e[n], pe()), T.nextNode(), c.push({
							type: 2,
							index: ++a
						});
						i.append(e[t], pe());
					}
				}
			} else if (i.nodeType === 8) {
				if (i.data === de) c.push({
					type: 2,
					index: a
				});
				else {
					let e = -1;
					for (; (e = i.data.indexOf(v, e + 1)) !== -1;) c.push({
						type: 7,
						index: a
					}), e += v.length - 1;
				}
			}
			a++;
		}
	}
	static createElement(e, t) {
		let n = y.createElement("template");
		return n.innerHTML = e, n;
	}
};
function E(e, t, n = e, r) {
	if (t === C) return t;
	let i = r === void 0 ? n._$Cl : n._$Co?.[r], a = me(t) ? void 0 : t._$litDirective$;
	return i?.constructor !== a && (i?._$AO?.(!1), a === void 0 ? i = void 0 : (i = new a(e), i._$AT(e, n, r)), r === void 0 ? n._$Cl = i : (n._$Co ??= [])[r] = i), i !== void 0 && (t = E(e, i._$AS(e, t.values), i, r)), t;
}
var ke = class {
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
		let { el: { content: t }, parts: n } = this._$AD, r = (e?.creationScope ?? y).importNode(t, !0);
		T.currentNode = r;
		let i = T.nextNode(), a = 0, o = 0, s = n[0];
		for (; s !== void 0;) {
			if (a === s.index) {
				let t;
				s.type === 2 ? t = new Ae(i, i.nextSibling, this, e) : s.type === 1 ? t = new s.ctor(i, s.name, s.strings, this, e) : s.type === 6 && (t = new Fe(i, this, e)), this._$AV.push(t), s = n[++o];
			}
			a !== s?.index && (i = T.nextNode(), a++);
		}
		return T.currentNode = y, r;
	}
	p(e) {
		let t = 0;
		for (let n of this._$AV) n !== void 0 && (n.strings === void 0 ? n._$AI(e[t]) : (n._$AI(e, n, t), t += n.strings.length - 2)), t++;
	}
}, Ae = class e {
	get _$AU() {
		return this._$AM?._$AU ?? this._$Cv;
	}
	constructor(e, t, n, r) {
		this.type = 2, this._$AH = w, this._$AN = void 0, this._$AA = e, this._$AB = t, this._$AM = n, this.options = r, this._$Cv = r?.isConnected ?? !0;
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
		e = E(this, e, t), me(e) ? e === w || e == null || e === "" ? (this._$AH !== w && this._$AR(), this._$AH = w) : e !== this._$AH && e !== C && this._(e) : e._$litType$ === void 0 ? e.nodeType === void 0 ? ge(e) ? this.k(e) : this._(e) : this.T(e) : this.$(e);
	}
	O(e) {
		return this._$AA.parentNode.insertBefore(e, this._$AB);
	}
	T(e) {
		this._$AH !== e && (this._$AR(), this._$AH = this.O(e));
	}
	_(e) {
		this._$AH !== w && me(this._$AH) ? this._$AA.nextSibling.data = e : this.T(y.createTextNode(e)), this._$AH = e;
	}
	$(e) {
		let { values: t, _$litType$: n } = e, r = typeof n == "number" ? this._$AC(e) : (n.el === void 0 && (n.el = Oe.createElement(Ee(n.h, n.h[0]), this.options)), n);
		if (this._$AH?._$AD === r) this._$AH.p(t);
		else {
			let e = new ke(r, this), n = e.u(this.options);
			e.p(t), this.T(n), this._$AH = e;
		}
	}
	_$AC(e) {
		let t = Te.get(e.strings);
		return t === void 0 && Te.set(e.strings, t = new Oe(e)), t;
	}
	k(t) {
		he(this._$AH) || (this._$AH = [], this._$AR());
		let n = this._$AH, r, i = 0;
		for (let a of t) i === n.length ? n.push(r = new e(this.O(pe()), this.O(pe()), this, this.options)) : r = n[i], r._$AI(a), i++;
		i < n.length && (this._$AR(r && r._$AB.nextSibling, i), n.length = i);
	}
	_$AR(e = this._$AA.nextSibling, t) {
		for (this._$AP?.(!1, !0, t); e !== this._$AB;) {
			let t = se(e).nextSibling;
			se(e).remove(), e = t;
		}
	}
	setConnected(e) {
		this._$AM === void 0 && (this._$Cv = e, this._$AP?.(e));
	}
}, je = class {
	get tagName() {
		return this.element.tagName;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	constructor(e, t, n, r, i) {
		this.type = 1, this._$AH = w, this._$AN = void 0, this.element = e, this.name = t, this._$AM = r, this.options = i, n.length > 2 || n[0] !== "" || n[1] !== "" ? (this._$AH = Array(n.length - 1).fill(/* @__PURE__ */ new String()), this.strings = n) : this._$AH = w;
	}
	_$AI(e, t = this, n, r) {
		let i = this.strings, a = !1;
		if (i === void 0) e = E(this, e, t, 0), a = !me(e) || e !== this._$AH && e !== C, a && (this._$AH = e);
		else {
			let r = e, o, s;
			for (e = i[0], o = 0; o < i.length - 1; o++) s = E(this, r[n + o], t, o), s === C && (s = this._$AH[o]), a ||= !me(s) || s !== this._$AH[o], s === w ? e = w : e !== w && (e += (s ?? "") + i[o + 1]), this._$AH[o] = s;
		}
		a && !r && this.j(e);
	}
	j(e) {
		e === w ? this.element.removeAttribute(this.name) : this.element.setAttribute(this.name, e ?? "");
	}
}, Me = class extends je {
	constructor() {
		super(...arguments), this.type = 3;
	}
	j(e) {
		this.element[this.name] = e === w ? void 0 : e;
	}
}, Ne = class extends je {
	constructor() {
		super(...arguments), this.type = 4;
	}
	j(e) {
		this.element.toggleAttribute(this.name, !!e && e !== w);
	}
}, Pe = class extends je {
	constructor(e, t, n, r, i) {
		super(e, t, n, r, i), this.type = 5;
	}
	_$AI(e, t = this) {
		if ((e = E(this, e, t, 0) ?? w) === C) return;
		let n = this._$AH, r = e === w && n !== w || e.capture !== n.capture || e.once !== n.once || e.passive !== n.passive, i = e !== w && (n === w || r);
		r && this.element.removeEventListener(this.name, this, n), i && this.element.addEventListener(this.name, this, e), this._$AH = e;
	}
	handleEvent(e) {
		typeof this._$AH == "function" ? this._$AH.call(this.options?.host ?? this.element, e) : this._$AH.handleEvent(e);
	}
}, Fe = class {
	constructor(e, t, n) {
		this.element = e, this.type = 6, this._$AN = void 0, this._$AM = t, this.options = n;
	}
	get _$AU() {
		return this._$AM._$AU;
	}
	_$AI(e) {
		E(this, e);
	}
}, Ie = {
	M: ue,
	P: v,
	A: de,
	C: 1,
	L: De,
	R: ke,
	D: ge,
	V: E,
	I: Ae,
	H: je,
	N: Ne,
	U: Pe,
	B: Me,
	F: Fe
}, Le = oe.litHtmlPolyfillSupport;
Le?.(Oe, Ae), (oe.litHtmlVersions ??= []).push("3.3.3");
var Re = (e, t, n) => {
	let r = n?.renderBefore ?? t, i = r._$litPart$;
	if (i === void 0) {
		let e = n?.renderBefore ?? null;
		r._$litPart$ = i = new Ae(t.insertBefore(pe(), e), e, void 0, n ?? {});
	}
	return i._$AI(e), i;
}, ze = globalThis, D = class extends _ {
	constructor() {
		super(...arguments), this.renderOptions = { host: this }, this._$Do = void 0;
	}
	createRenderRoot() {
		let e = super.createRenderRoot();
		return this.renderOptions.renderBefore ??= e.firstChild, e;
	}
	update(e) {
		let t = this.render();
		this.hasUpdated || (this.renderOptions.isConnected = this.isConnected), super.update(e), this._$Do = Re(t, this.renderRoot, this.renderOptions);
	}
	connectedCallback() {
		super.connectedCallback(), this._$Do?.setConnected(!0);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this._$Do?.setConnected(!1);
	}
	render() {
		return C;
	}
};
D._$litElement$ = !0, D.finalized = !0, ze.litElementHydrateSupport?.({ LitElement: D });
var Be = ze.litElementPolyfillSupport;
Be?.({ LitElement: D }), (ze.litElementVersions ??= []).push("4.2.2");
// src/persistent.ts
var Ve = 2e3, He = 60;
async function Ue(e) {
	for (let t = 1;; t += 1) try {
		return await e();
	} catch (e) {
		if (t >= He) throw e;
		await new Promise((e) => setTimeout(e, Ve));
	}
}
// src/texts.ts
var We = /* @__PURE__ */ new Map();
function Ge(e, t, n) {
	let r = `${e.language} ${t} ${n}`, i = We.get(r);
	return i || (i = Ue(() => e.loadBackendTranslation(t, n)), We.set(r, i)), i;
}
var Ke;
async function qe(e, t = "card") {
	let n = await Ge(e, "common", "sunfuse"), r = (e, r) => n(`component.sunfuse.common.${t}_${e}`, r) || e;
	return t === "card" && (Ke = r), r;
}
function Je(e) {
	return Ge(e, "selector", "sunfuse");
}
var Ye = 3;
async function O(e, t) {
	let n = t.error ?? t, { message: r, translation_domain: i, translation_key: a, translation_placeholders: o } = n;
	if (t === Ye || n.code === Ye) {
		let t = e.localize("ui.notification_toast.connection_lost");
		if (t) return t;
	}
	if (i && a) {
		let t = (await Ge(e, "exceptions", i))(`component.${i}.exceptions.${a}.message`, o ?? {});
		if (t) return t;
	}
	return r ?? String(t);
}
function Xe(e, t) {
	return e(`component.sunfuse.selector.first_mode.options.${t}`);
}
function Ze(e) {
	return Ke?.(e);
}
function k(e, t, n, r) {
	return e.localize(`component.sunfuse.entity.${t}.${n}.state.${r}`) || r;
}
// src/editor.ts
function Qe() {
	return document.querySelector("home-assistant").hass;
}
async function $e(...e) {
	let t = Qe(), [n, r] = await Promise.all([qe(t), t.callWS({ type: "sunfuse/sites" })]), i = r.length > 1, a = r.flatMap((e) => e.chargers.map((t) => {
		let n = e.names[t] ?? t;
		return {
			value: t,
			label: i ? `${n} (${e.title})` : n
		};
	})), o = (e) => ({ select: {
		options: a,
		multiple: e,
		mode: "dropdown",
		sort: !0
	} });
	return {
		schema: [
			{
				name: "site",
				selector: { config_entry: { integration: "sunfuse" } }
			},
			...e.map((e) => ({
				name: e,
				selector: o(e === "chargers")
			})),
			{
				name: "title",
				selector: { text: {} }
			}
		],
		computeLabel: ({ name: e }) => n(`field_${e}`),
		computeHelper: ({ name: e }) => e === "title" ? "" : n(`field_${e}_help`)
	};
}
// src/format.ts
var et = {
	comma_decimal: "en-US",
	decimal_comma: "de",
	space_comma: "fr",
	quote_decimal: "de-CH",
	none: "en-US",
	system: void 0
}, tt = /* @__PURE__ */ new Map(), nt = /* @__PURE__ */ new Map();
function rt(e, t) {
	let n = e.number_format ?? "language", r = n in et ? et[n] : e.language, i = n === "none" ? { useGrouping: !1 } : {}, a = JSON.stringify([
		r,
		t,
		i
	]), o = tt.get(a);
	return o || tt.set(a, o = new Intl.NumberFormat(r, {
		...t,
		...i
	})), o;
}
function A(e, t) {
	let n = JSON.stringify([e, t]), r = nt.get(n);
	return r || nt.set(n, r = new Intl.DateTimeFormat(e, t)), r;
}
function j(e, t, n) {
	return rt(e.locale, {
		minimumFractionDigits: n,
		maximumFractionDigits: n
	}).format(t);
}
function it(e) {
	let t = e.replace(" ", "\xA0");
	return document.dir === "rtl" ? `\u2066${t}\u2069` : t;
}
function M(e, t) {
	return t == null ? "–" : it(`${j(e, t / 1e3, +(Math.abs(t) < 9950))} kW`);
}
function N(e, t) {
	return t == null ? "–" : it(`${j(e, t / 1e3, +(t < 99950))} kWh`);
}
function P(e, t) {
	return j(e, t, +!Number.isInteger(t));
}
function F(e, t) {
	return t == null ? "–" : it(`${j(e, t, 0)} %`);
}
function I(e, t, n) {
	return t == null ? "–" : it(rt(e.locale, {
		style: "currency",
		currency: n
	}).format(t));
}
function L(e) {
	let t = A(void 0, {}).resolvedOptions().timeZone;
	return e.locale.time_zone === "server" || !t ? e.config.time_zone : t;
}
function at(e) {
	let { time_format: t, language: n } = e.locale;
	return t === "12" || t === "24" ? t === "12" : !A(t === "system" ? void 0 : n, {
		hour: "numeric",
		minute: "numeric"
	}).format(new Date(2023, 0, 1, 22)).includes("22");
}
function ot(e) {
	return {
		time_zone: L(e),
		half_days: at(e),
		decimal_sign: j(e, .5, 1).includes(",") ? "," : "."
	};
}
function st(e, t) {
	let n = at(e);
	return A(e.locale.time_format === "system" ? void 0 : e.locale.language, {
		timeZone: L(e),
		hour: n ? "numeric" : "2-digit",
		...t ? { minute: "2-digit" } : {},
		hourCycle: n ? "h12" : "h23"
	});
}
function ct(e) {
	return st(e, !at(e));
}
function R(e, t, n = /* @__PURE__ */ new Date()) {
	let r = new Date(t), i = st(e, !0).format(r);
	if (z(e, r.getTime()).slice(0, 10) === z(e, n.getTime()).slice(0, 10)) return i;
	let a = {
		timeZone: L(e),
		weekday: "short",
		day: "numeric",
		month: "short"
	};
	return `${A(e.locale.language, a).format(r)} ${i}`;
}
function lt(e, t, n = Date.now()) {
	let r = Math.max(0, Math.round((t - n) / 6e4)), i = new Intl.RelativeTimeFormat(e.locale.language);
	return r < 90 ? i.format(r, "minute") : i.format(Math.round(r / 60), "hour");
}
function ut(e, t) {
	let n = {
		timeZone: L(e),
		day: "numeric",
		month: "short",
		year: "numeric"
	};
	return A(e.locale.language, n).format(new Date(t));
}
function z(e, t) {
	let [n, r] = [{
		hour: "2-digit",
		minute: "2-digit"
	}, {
		year: "numeric",
		month: "2-digit",
		day: "2-digit"
	}], i = L(e);
	return `${A("sv-SE", {
		timeZone: i,
		...r
	}).format(t)}T${A("sv-SE", {
		timeZone: i,
		...n
	}).format(t)}`;
}
function dt(e, t) {
	let n = Date.parse(`${t}:00Z`);
	if (Number.isNaN(n)) return n;
	let r = (t) => Date.parse(`${z(e, t)}:00Z`) - t;
	return n - r(n - r(n));
}
function ft(e, t, n = Date.now()) {
	let r = dt(e, `${z(e, n).slice(0, 10)}T${t}`);
	return r > n ? r : dt(e, `${z(e, n + 864e5).slice(0, 10)}T${t}`);
}
// src/feed.ts
function pt(e, t) {
	let { set: n, gone: r, ...i } = t, a = {
		...e,
		...n
	};
	for (let e of r ?? []) delete a[e];
	for (let [t, n] of Object.entries(i)) a[t] = pt(e[t] ?? {}, n);
	return a;
}
var mt = [
	1e3,
	2e3,
	5e3,
	1e4
], ht = class {
	view = {};
	listeners = /* @__PURE__ */ new Set();
	unsubscribe;
	error;
	failures = 0;
	turn = 0;
	timer;
	hass;
	message;
	constructor(e, t) {
		this.hass = e, this.message = t;
	}
	listen(e) {
		return this.listeners.add(e), this.listeners.size === 1 ? (this.view = {}, this.error = void 0, this.hass.connection.addEventListener("ready", this.start), this.start()) : (this.error || Object.keys(this.view).length) && this.tell(e), () => {
			this.listeners.delete(e), this.listeners.size === 0 && this.stop();
		};
	}
	start = () => {
		let e = ++this.turn, t = !0;
		clearTimeout(this.timer), this.unsubscribe = this.hass.connection.subscribeMessage((n) => {
			e === this.turn && (this.view = pt(t ? {} : this.view, n), t = !1, this.failures = 0, this.error = void 0, this.tellAll());
		}, this.message, { resubscribe: !1 }), this.unsubscribe.catch((t) => {
			e === this.turn && this.refused(t.error?.code ?? t.code);
		});
	};
	refused(e) {
		this.unsubscribe = void 0;
		let t = mt[Math.min(this.failures, mt.length - 1)];
		this.failures += 1, this.timer = setTimeout(this.start, t), typeof e != "number" && (this.view = {}, this.error = e ?? "unknown_error", this.tellAll());
	}
	tellAll() {
		for (let e of this.listeners) this.tell(e);
	}
	tell(e) {
		e(Object.keys(this.view).length > 0 ? this.view : void 0, this.error);
	}
	stop() {
		this.turn += 1, clearTimeout(this.timer), this.hass.connection.removeEventListener("ready", this.start), this.unsubscribe?.then((e) => e()).catch(() => void 0), this.unsubscribe = void 0;
	}
}, gt = /* @__PURE__ */ new Map();
function _t(e, t) {
	let n = JSON.stringify(t), r = gt.get(n);
	return r && r.connection === e.connection || (r = {
		connection: e.connection,
		feed: new ht(e, t)
	}, gt.set(n, r)), r.feed;
}
function vt(e, t) {
	return _t(e, {
		type: "sunfuse/site/subscribe",
		language: e.language,
		...ot(e),
		...t ? { entry_id: t } : {}
	});
}
// src/styles.ts
var B = o`
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
`, V = class extends D {
	static styles = [B];
	static properties = {
		config: { state: !0 },
		say: { state: !0 },
		announced: { state: !0 }
	};
	site;
	failure;
	home;
	leave;
	followed;
	known = [];
	had = !1;
	constructor() {
		super(), this.announced = "";
	}
	static getConfigForm() {
		return $e();
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
		this.home = e, t && t.language === e.language || qe(e).then((e) => {
			this.say = e;
		}), t && t.locale === e.locale && t.language === e.language && t.connection === e.connection || this.follow(), (!t || this.matters(t, e)) && this.requestUpdate();
	}
	get hass() {
		return this.home;
	}
	matters(e, t) {
		return ["locale", "localize"].some((n) => e[n] !== t[n]) || e.themes?.darkMode !== t.themes?.darkMode;
	}
	shows(e) {
		return [e];
	}
	connectedCallback() {
		super.connectedCallback(), this.follow();
	}
	disconnectedCallback() {
		super.disconnectedCallback(), this.leave?.(), this.leave = void 0, this.followed = void 0;
	}
	follow() {
		if (!this.isConnected || !this.home || !this.config) return;
		let e = vt(this.home, this.config.site);
		this.leave && e === this.followed || (this.leave?.(), this.followed = e, this.leave = e.listen((e, t) => this.told(e, t)));
	}
	told(e, t) {
		let [n, r] = [this.known, this.drawn(e)], i = t === this.failure && n.length === r.length && n.every((e, t) => e === r[t]);
		this.known = r, this.site = e, this.failure = t, this.had = this.had || !!e?.entry_id, i || this.requestUpdate();
	}
	drawn(e) {
		return e?.entry_id ? [
			e.entry_id,
			(/* @__PURE__ */ new Date()).getDate(),
			...this.shows(e)
		] : [!!e];
	}
	render() {
		return !this.say || !this.home || !this.config ? x`<ha-card aria-busy="true"></ha-card>` : x`<ha-card>${this.site && this.site.entry_id ? this.content(this.site, this.say) : this.missing(this.say)}
      <div class="hidden" role="status">${this.announced}</div>
    </ha-card>`;
	}
	missing(e) {
		return this.failure === "unauthorized" ? x`<p class="error">${e("not_allowed")}</p>` : this.failure && !this.config?.site && !this.had ? x`<p class="error">${e("no_site")}</p>` : x`<p class="quiet">${e(this.site || this.failure ? "site_not_loaded" : "loading")}</p>`;
	}
	async act(e, t, n, r = "") {
		try {
			return await this.hass.callService(e, t, n), this.announced = r, !0;
		} catch (e) {
			return this.announced = await O(this.hass, e), !1;
		}
	}
	updated(e) {
		this.dir = this.home && document.dir === "rtl" ? "rtl" : "";
	}
}, yt = new Intl.Collator(void 0, { numeric: !0 });
function bt(e, t) {
	return Object.values(e.chargers).filter(({ id: e }) => !t?.length || t.includes(e)).sort((e, t) => yt.compare(e.name, t.name));
}
// src/home-assistant.ts
function H(e, t) {
	customElements.get(e) || customElements.define(e, t);
}
function xt(e, t = !1) {
	t ? history.replaceState(null, "", e) : history.pushState(null, "", e), window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: t } }));
}
function St(e, t) {
	e.dispatchEvent(new CustomEvent("hass-more-info", {
		detail: { entityId: t },
		bubbles: !0,
		composed: !0
	}));
}
function Ct(e, t) {
	e.dispatchEvent(new CustomEvent("hass-notification", {
		detail: { message: t },
		bubbles: !0,
		composed: !0
	}));
}
H("sunfuse-capacity-card", class extends V {
	static properties = {
		...V.properties,
		report: { state: !0 },
		problem: { state: !0 }
	};
	static styles = [B, o`
      .chart {
        display: grid;
        grid-template-columns: repeat(24, 1fr);
        gap: 2px;
        block-size: 140px;
        align-items: end;
        border-block-end: 1px solid var(--quiet);
      }
      /* As high as what comes, so that nothing moves under a thumb. */
      .wait {
        min-block-size: 240px;
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
		let e = this.site?.entry_id, t = `${e} ${(/* @__PURE__ */ new Date()).toDateString()}`;
		e && this.asked !== t && (this.asked = t, this.load(e));
	}
	async load(e) {
		try {
			this.report = await this.hass.callWS({
				type: "sunfuse/site/report",
				entry_id: e
			}), this.problem = void 0;
		} catch (e) {
			this.problem = await O(this.hass, e);
		}
	}
	shows() {
		return [];
	}
	content(e, t) {
		return x`
      <div class="head"><h2>${this.config?.title ?? t("capacity")}</h2></div>
      ${this.report ? this.answer(this.report, t) : x`<p class="quiet wait">${this.problem ?? t("loading")}</p>`}
      <button
        @click=${() => {
			xt(`/sunfuse-report/${e.entry_id}`);
		}}
      >
        ${t("open_report")}
      </button>
    `;
	}
	answer(e, t) {
		return x`
      ${e.days >= 7 ? x`<p><span class="big">${e.carries}</span> ${t("carries", { days: Math.round(e.days) })}</p>` : x`<p>
            ${e.days < 1 ? t("needs_week_begun") : t("needs_week", { days: j(this.hass, Math.floor(e.days), 0) })}
          </p>`}
      ${e.days >= 1 ? this.chart(e.hours, t) : w}
    `;
	}
	chart(e, t) {
		let n = (e) => Math.max(0, ...e), r = Math.max(...e.map((e) => n(e.p95_a) + Math.max(0, Math.min(...e.headroom_a))), 1), i = (e) => `${Math.max(0, e) / r * 100}%`;
		return x`
      <h3>${t("by_hour")}</h3>
      <div class="chart" aria-hidden="true">
        ${e.map((e) => {
			let t = n(e.mean_a), r = n(e.p95_a);
			return x`<div class="hour">
            <div class="mean" style="block-size:${i(t)}"></div>
            <div class="p95" style="block-size:${i(r - t)}"></div>
          </div>`;
		})}
      </div>
      <div class="axis" aria-hidden="true"><span>0</span><span>6</span><span>12</span><span>18</span><span>24</span></div>
      <p class="row key" aria-hidden="true">
        <span><i style="background:var(--house)"></i>${t("by_hour_mean")}</span>
        <span><i style="background:var(--house);opacity:.45"></i>${t("by_hour_high")}</span>
        <span><i style="background:var(--success-color, #43a047);opacity:.4"></i>${t("by_hour_headroom")}</span>
      </p>
      <table class="hidden">
        <caption>${t("by_hour")}</caption>
        <tbody>
          ${e.map((e) => x`<tr>
              <th scope="row">${e.hour}</th>
              <td>${t("hour_figures", {
			mean: P(this.hass, n(e.mean_a)),
			headroom: P(this.hass, Math.min(...e.headroom_a))
		})}</td>
            </tr>`)}
        </tbody>
      </table>
    `;
	}
});
// node_modules/lit-html/directive.js
var U = {
	ATTRIBUTE: 1,
	CHILD: 2,
	PROPERTY: 3,
	BOOLEAN_ATTRIBUTE: 4,
	EVENT: 5,
	ELEMENT: 6
}, wt = (e) => (...t) => ({
	_$litDirective$: e,
	values: t
}), Tt = class {
	constructor(e) {}
	get _$AU() {
		return this._$AM._$AU;
	}
	_$AT(e, t, n) {
		this._$Ct = e, this._$AM = t, this._$Ci = n;
	}
	_$AS(e, t) {
		return this.update(e, t);
	}
	update(e, t) {
		return this.render(...t);
	}
}, { I: Et } = Ie, Dt = (e) => e, Ot = (e) => e.strings === void 0, kt = () => document.createComment(""), At = (e, t, n) => {
	let r = e._$AA.parentNode, i = t === void 0 ? e._$AB : t._$AA;
	if (n === void 0) n = new Et(r.insertBefore(kt(), i), r.insertBefore(kt(), i), e, e.options);
	else {
		let t = n._$AB.nextSibling, a = n._$AM, o = a !== e;
		if (o) {
			let t;
			n._$AQ?.(e), n._$AM = e, n._$AP !== void 0 && (t = e._$AU) !== a._$AU && n._$AP(t);
		}
		if (t !== i || o) {
			let e = n._$AA;
			for (; e !== t;) {
				let t = Dt(e).nextSibling;
				Dt(r).insertBefore(e, i), e = t;
			}
		}
	}
	return n;
}, W = (e, t, n = e) => (e._$AI(t, n), e), jt = {}, Mt = (e, t = jt) => e._$AH = t, Nt = (e) => e._$AH, Pt = (e) => {
	e._$AR(), e._$AA.remove();
}, Ft = wt(class extends Tt {
	constructor(e) {
		if (super(e), e.type !== U.PROPERTY && e.type !== U.ATTRIBUTE && e.type !== U.BOOLEAN_ATTRIBUTE) throw Error("The `live` directive is not allowed on child or event bindings");
		if (!Ot(e)) throw Error("`live` bindings can only contain a single expression");
	}
	render(e) {
		return e;
	}
	update(e, [t]) {
		if (t === C || t === w) return t;
		let n = e.element, r = e.name;
		if (e.type === U.PROPERTY) {
			if (t === n[r]) return C;
		} else if (e.type === U.BOOLEAN_ATTRIBUTE) {
			if (!!t === n.hasAttribute(r)) return C;
		} else if (e.type === U.ATTRIBUTE && n.getAttribute(r) === t + "") return C;
		return Mt(e), t;
	}
}), G = function(e, t) {
	let n = e, r = It[t], i = null, a = 0, o = null, s = [], c = {}, l = function(e, t) {
		a = n * 4 + 17, i = function(e) {
			let t = Array(e);
			for (let n = 0; n < e; n += 1) {
				t[n] = Array(e);
				for (let r = 0; r < e; r += 1) t[n][r] = null;
			}
			return t;
		}(a), u(0, 0), u(a - 7, 0), u(0, a - 7), p(), f(), h(e, t), n >= 7 && m(e), o ??= ne(n, r, s), ee(o, t);
	}, u = function(e, t) {
		for (let n = -1; n <= 7; n += 1) if (!(e + n <= -1 || a <= e + n)) for (let r = -1; r <= 7; r += 1) t + r <= -1 || a <= t + r || (0 <= n && n <= 6 && (r == 0 || r == 6) || 0 <= r && r <= 6 && (n == 0 || n == 6) || 2 <= n && n <= 4 && 2 <= r && r <= 4 ? i[e + n][t + r] = !0 : i[e + n][t + r] = !1);
	}, d = function() {
		let e = 0, t = 0;
		for (let n = 0; n < 8; n += 1) {
			l(!0, n);
			let r = J.getLostPoint(c);
			(n == 0 || e > r) && (e = r, t = n);
		}
		return t;
	}, f = function() {
		for (let e = 8; e < a - 8; e += 1) i[e][6] ?? (i[e][6] = e % 2 == 0);
		for (let e = 8; e < a - 8; e += 1) i[6][e] ?? (i[6][e] = e % 2 == 0);
	}, p = function() {
		let e = J.getPatternPosition(n);
		for (let t = 0; t < e.length; t += 1) for (let n = 0; n < e.length; n += 1) {
			let r = e[t], a = e[n];
			if (i[r][a] == null) for (let e = -2; e <= 2; e += 1) for (let t = -2; t <= 2; t += 1) e == -2 || e == 2 || t == -2 || t == 2 || e == 0 && t == 0 ? i[r + e][a + t] = !0 : i[r + e][a + t] = !1;
		}
	}, m = function(e) {
		let t = J.getBCHTypeNumber(n);
		for (let n = 0; n < 18; n += 1) {
			let r = !e && (t >> n & 1) == 1;
			i[Math.floor(n / 3)][n % 3 + a - 8 - 3] = r;
		}
		for (let n = 0; n < 18; n += 1) {
			let r = !e && (t >> n & 1) == 1;
			i[n % 3 + a - 8 - 3][Math.floor(n / 3)] = r;
		}
	}, h = function(e, t) {
		let n = r << 3 | t, o = J.getBCHTypeInfo(n);
		for (let t = 0; t < 15; t += 1) {
			let n = !e && (o >> t & 1) == 1;
			t < 6 ? i[t][8] = n : t < 8 ? i[t + 1][8] = n : i[a - 15 + t][8] = n;
		}
		for (let t = 0; t < 15; t += 1) {
			let n = !e && (o >> t & 1) == 1;
			t < 8 ? i[8][a - t - 1] = n : t < 9 ? i[8][15 - t - 1 + 1] = n : i[8][15 - t - 1] = n;
		}
		i[a - 8][8] = !e;
	}, ee = function(e, t) {
		let n = -1, r = a - 1, o = 7, s = 0, c = J.getMaskFunction(t);
		for (let t = a - 1; t > 0; t -= 2) for (t == 6 && --t;;) {
			for (let n = 0; n < 2; n += 1) if (i[r][t - n] == null) {
				let a = !1;
				s < e.length && (a = (e[s] >>> o & 1) == 1), c(r, t - n) && (a = !a), i[r][t - n] = a, --o, o == -1 && (s += 1, o = 7);
			}
			if (r += n, r < 0 || a <= r) {
				r -= n, n = -n;
				break;
			}
		}
	}, te = function(e, t) {
		let n = 0, r = 0, i = 0, a = Array(t.length), o = Array(t.length);
		for (let s = 0; s < t.length; s += 1) {
			let c = t[s].dataCount, l = t[s].totalCount - c;
			r = Math.max(r, c), i = Math.max(i, l), a[s] = Array(c);
			for (let t = 0; t < a[s].length; t += 1) a[s][t] = 255 & e.getBuffer()[t + n];
			n += c;
			let u = J.getErrorCorrectPolynomial(l), d = Lt(a[s], u.getLength() - 1).mod(u);
			o[s] = Array(u.getLength() - 1);
			for (let e = 0; e < o[s].length; e += 1) {
				let t = e + d.getLength() - o[s].length;
				o[s][e] = t >= 0 ? d.getAt(t) : 0;
			}
		}
		let s = 0;
		for (let e = 0; e < t.length; e += 1) s += t[e].totalCount;
		let c = Array(s), l = 0;
		for (let e = 0; e < r; e += 1) for (let n = 0; n < t.length; n += 1) e < a[n].length && (c[l] = a[n][e], l += 1);
		for (let e = 0; e < i; e += 1) for (let n = 0; n < t.length; n += 1) e < o[n].length && (c[l] = o[n][e], l += 1);
		return c;
	}, ne = function(e, t, n) {
		let r = Rt.getRSBlocks(e, t), i = zt();
		for (let t = 0; t < n.length; t += 1) {
			let r = n[t];
			i.put(r.getMode(), 4), i.put(r.getLength(), J.getLengthInBits(r.getMode(), e)), r.write(i);
		}
		let a = 0;
		for (let e = 0; e < r.length; e += 1) a += r[e].dataCount;
		if (i.getLengthInBits() > a * 8) throw "code length overflow. (" + i.getLengthInBits() + ">" + a * 8 + ")";
		for (i.getLengthInBits() + 4 <= a * 8 && i.put(0, 4); i.getLengthInBits() % 8 != 0;) i.putBit(!1);
		for (; !(i.getLengthInBits() >= a * 8 || (i.put(236, 8), i.getLengthInBits() >= a * 8));) i.put(17, 8);
		return te(i, r);
	};
	c.addData = function(e, t) {
		t ||= "Byte";
		let n = null;
		switch (t) {
			case "Numeric":
				n = Bt(e);
				break;
			case "Alphanumeric":
				n = Vt(e);
				break;
			case "Byte":
				n = Ht(e);
				break;
			case "Kanji":
				n = Ut(e);
				break;
			default: throw "mode:" + t;
		}
		s.push(n), o = null;
	}, c.isDark = function(e, t) {
		if (e < 0 || a <= e || t < 0 || a <= t) throw e + "," + t;
		return i[e][t];
	}, c.getModuleCount = function() {
		return a;
	}, c.make = function() {
		if (n < 1) {
			let e = 1;
			for (; e < 40; e++) {
				let t = Rt.getRSBlocks(e, r), n = zt();
				for (let t = 0; t < s.length; t++) {
					let r = s[t];
					n.put(r.getMode(), 4), n.put(r.getLength(), J.getLengthInBits(r.getMode(), e)), r.write(n);
				}
				let i = 0;
				for (let e = 0; e < t.length; e++) i += t[e].dataCount;
				if (n.getLengthInBits() <= i * 8) break;
			}
			n = e;
		}
		l(!1, d());
	}, c.createTableTag = function(e, t) {
		e ||= 2, t = t === void 0 ? e * 4 : t;
		let n = "";
		n += "<table style=\"", n += " border-width: 0px; border-style: none;", n += " border-collapse: collapse;", n += " padding: 0px; margin: " + t + "px;", n += "\">", n += "<tbody>";
		for (let t = 0; t < c.getModuleCount(); t += 1) {
			n += "<tr>";
			for (let r = 0; r < c.getModuleCount(); r += 1) n += "<td style=\"", n += " border-width: 0px; border-style: none;", n += " border-collapse: collapse;", n += " padding: 0px; margin: 0px;", n += " width: " + e + "px;", n += " height: " + e + "px;", n += " background-color: ", n += c.isDark(t, r) ? "#000000" : "#ffffff", n += ";", n += "\"/>";
			n += "</tr>";
		}
		return n += "</tbody>", n += "</table>", n;
	}, c.createSvgTag = function(e, t, n, r) {
		let i = {};
		typeof arguments[0] == "object" && (i = arguments[0], e = i.cellSize, t = i.margin, n = i.alt, r = i.title), e ||= 2, t = t === void 0 ? e * 4 : t, n = typeof n == "string" ? { text: n } : n || {}, n.text = n.text || null, n.id = n.text ? n.id || "qrcode-description" : null, r = typeof r == "string" ? { text: r } : r || {}, r.text = r.text || null, r.id = r.text ? r.id || "qrcode-title" : null;
		let a = c.getModuleCount() * e + t * 2, o, s, l, u, d = "", f;
		for (f = "l" + e + ",0 0," + e + " -" + e + ",0 0,-" + e + "z ", d += "<svg version=\"1.1\" xmlns=\"http://www.w3.org/2000/svg\"", d += i.scalable ? "" : " width=\"" + a + "px\" height=\"" + a + "px\"", d += " viewBox=\"0 0 " + a + " " + a + "\" ", d += " preserveAspectRatio=\"xMinYMin meet\"", d += r.text || n.text ? " role=\"img\" aria-labelledby=\"" + g([r.id, n.id].join(" ").trim()) + "\"" : "", d += ">", d += r.text ? "<title id=\"" + g(r.id) + "\">" + g(r.text) + "</title>" : "", d += n.text ? "<description id=\"" + g(n.id) + "\">" + g(n.text) + "</description>" : "", d += "<rect width=\"100%\" height=\"100%\" fill=\"white\" cx=\"0\" cy=\"0\"/>", d += "<path d=\"", l = 0; l < c.getModuleCount(); l += 1) for (u = l * e + t, o = 0; o < c.getModuleCount(); o += 1) c.isDark(l, o) && (s = o * e + t, d += "M" + s + "," + u + f);
		return d += "\" stroke=\"transparent\" fill=\"black\"/>", d += "</svg>", d;
	}, c.createDataURL = function(e, t) {
		e ||= 2, t = t === void 0 ? e * 4 : t;
		let n = c.getModuleCount() * e + t * 2, r = t, i = n - t;
		return Jt(n, n, function(t, n) {
			if (r <= t && t < i && r <= n && n < i) {
				let i = Math.floor((t - r) / e), a = Math.floor((n - r) / e);
				return +!c.isDark(a, i);
			}
			return 1;
		});
	}, c.createImgTag = function(e, t, n) {
		e ||= 2, t = t === void 0 ? e * 4 : t;
		let r = c.getModuleCount() * e + t * 2, i = "";
		return i += "<img", i += " src=\"", i += c.createDataURL(e, t), i += "\"", i += " width=\"", i += r, i += "\"", i += " height=\"", i += r, i += "\"", n && (i += " alt=\"", i += g(n), i += "\""), i += "/>", i;
	};
	let g = function(e) {
		let t = "";
		for (let n = 0; n < e.length; n += 1) {
			let r = e.charAt(n);
			switch (r) {
				case "<":
					t += "&lt;";
					break;
				case ">":
					t += "&gt;";
					break;
				case "&":
					t += "&amp;";
					break;
				case "\"":
					t += "&quot;";
					break;
				default: t += r;
			}
		}
		return t;
	}, re = function(e) {
		e = e === void 0 ? 2 : e;
		let t = c.getModuleCount() * 1 + e * 2, n = e, r = t - e, i, a, o, s, l, u = {
			"██": "█",
			"█ ": "▀",
			" █": "▄",
			"  ": " "
		}, d = {
			"██": "▀",
			"█ ": "▀",
			" █": " ",
			"  ": " "
		}, f = "";
		for (i = 0; i < t; i += 2) {
			for (o = Math.floor((i - n) / 1), s = Math.floor((i + 1 - n) / 1), a = 0; a < t; a += 1) l = "█", n <= a && a < r && n <= i && i < r && c.isDark(o, Math.floor((a - n) / 1)) && (l = " "), n <= a && a < r && n <= i + 1 && i + 1 < r && c.isDark(s, Math.floor((a - n) / 1)) ? l += " " : l += "█", f += e < 1 && i + 1 >= r ? d[l] : u[l];
			f += "\n";
		}
		return t % 2 && e > 0 ? f.substring(0, f.length - t - 1) + Array(t + 1).join("▀") : f.substring(0, f.length - 1);
	};
	return c.createASCII = function(e, t) {
		if (e ||= 1, e < 2) return re(t);
		--e, t = t === void 0 ? e * 2 : t;
		let n = c.getModuleCount() * e + t * 2, r = t, i = n - t, a, o, s, l, u = Array(e + 1).join("██"), d = Array(e + 1).join("  "), f = "", p = "";
		for (a = 0; a < n; a += 1) {
			for (s = Math.floor((a - r) / e), p = "", o = 0; o < n; o += 1) l = 1, r <= o && o < i && r <= a && a < i && c.isDark(s, Math.floor((o - r) / e)) && (l = 0), p += l ? u : d;
			for (s = 0; s < e; s += 1) f += p + "\n";
		}
		return f.substring(0, f.length - 1);
	}, c.renderTo2dContext = function(e, t) {
		t ||= 2;
		let n = c.getModuleCount();
		for (let r = 0; r < n; r++) for (let i = 0; i < n; i++) e.fillStyle = c.isDark(r, i) ? "black" : "white", e.fillRect(i * t, r * t, t, t);
	}, c;
};
G.stringToBytes = function(e) {
	let t = [];
	for (let n = 0; n < e.length; n += 1) {
		let r = e.charCodeAt(n);
		t.push(r & 255);
	}
	return t;
}, G.createStringToBytes = function(e, t) {
	let n = function() {
		let n = Kt(e), r = function() {
			let e = n.read();
			if (e == -1) throw "eof";
			return e;
		}, i = 0, a = {};
		for (;;) {
			let e = n.read();
			if (e == -1) break;
			let t = r(), o = r(), s = r(), c = String.fromCharCode(e << 8 | t);
			a[c] = o << 8 | s, i += 1;
		}
		if (i != t) throw i + " != " + t;
		return a;
	}();
	return function(e) {
		let t = [];
		for (let r = 0; r < e.length; r += 1) {
			let i = e.charCodeAt(r);
			if (i < 128) t.push(i);
			else {
				let i = n[e.charAt(r)];
				typeof i == "number" ? (i & 255) == i ? t.push(i) : (t.push(i >>> 8), t.push(i & 255)) : t.push(63);
			}
		}
		return t;
	};
};
var K = {
	MODE_NUMBER: 1,
	MODE_ALPHA_NUM: 2,
	MODE_8BIT_BYTE: 4,
	MODE_KANJI: 8
}, It = {
	L: 1,
	M: 0,
	Q: 3,
	H: 2
}, q = {
	PATTERN000: 0,
	PATTERN001: 1,
	PATTERN010: 2,
	PATTERN011: 3,
	PATTERN100: 4,
	PATTERN101: 5,
	PATTERN110: 6,
	PATTERN111: 7
}, J = function() {
	let e = [
		[],
		[6, 18],
		[6, 22],
		[6, 26],
		[6, 30],
		[6, 34],
		[
			6,
			22,
			38
		],
		[
			6,
			24,
			42
		],
		[
			6,
			26,
			46
		],
		[
			6,
			28,
			50
		],
		[
			6,
			30,
			54
		],
		[
			6,
			32,
			58
		],
		[
			6,
			34,
			62
		],
		[
			6,
			26,
			46,
			66
		],
		[
			6,
			26,
			48,
			70
		],
		[
			6,
			26,
			50,
			74
		],
		[
			6,
			30,
			54,
			78
		],
		[
			6,
			30,
			56,
			82
		],
		[
			6,
			30,
			58,
			86
		],
		[
			6,
			34,
			62,
			90
		],
		[
			6,
			28,
			50,
			72,
			94
		],
		[
			6,
			26,
			50,
			74,
			98
		],
		[
			6,
			30,
			54,
			78,
			102
		],
		[
			6,
			28,
			54,
			80,
			106
		],
		[
			6,
			32,
			58,
			84,
			110
		],
		[
			6,
			30,
			58,
			86,
			114
		],
		[
			6,
			34,
			62,
			90,
			118
		],
		[
			6,
			26,
			50,
			74,
			98,
			122
		],
		[
			6,
			30,
			54,
			78,
			102,
			126
		],
		[
			6,
			26,
			52,
			78,
			104,
			130
		],
		[
			6,
			30,
			56,
			82,
			108,
			134
		],
		[
			6,
			34,
			60,
			86,
			112,
			138
		],
		[
			6,
			30,
			58,
			86,
			114,
			142
		],
		[
			6,
			34,
			62,
			90,
			118,
			146
		],
		[
			6,
			30,
			54,
			78,
			102,
			126,
			150
		],
		[
			6,
			24,
			50,
			76,
			102,
			128,
			154
		],
		[
			6,
			28,
			54,
			80,
			106,
			132,
			158
		],
		[
			6,
			32,
			58,
			84,
			110,
			136,
			162
		],
		[
			6,
			26,
			54,
			82,
			110,
			138,
			166
		],
		[
			6,
			30,
			58,
			86,
			114,
			142,
			170
		]
	], t = 1335, n = 7973, r = {}, i = function(e) {
		let t = 0;
		for (; e != 0;) t += 1, e >>>= 1;
		return t;
	};
	return r.getBCHTypeInfo = function(e) {
		let n = e << 10;
		for (; i(n) - i(t) >= 0;) n ^= t << i(n) - i(t);
		return (e << 10 | n) ^ 21522;
	}, r.getBCHTypeNumber = function(e) {
		let t = e << 12;
		for (; i(t) - i(n) >= 0;) t ^= n << i(t) - i(n);
		return e << 12 | t;
	}, r.getPatternPosition = function(t) {
		return e[t - 1];
	}, r.getMaskFunction = function(e) {
		switch (e) {
			case q.PATTERN000: return function(e, t) {
				return (e + t) % 2 == 0;
			};
			case q.PATTERN001: return function(e, t) {
				return e % 2 == 0;
			};
			case q.PATTERN010: return function(e, t) {
				return t % 3 == 0;
			};
			case q.PATTERN011: return function(e, t) {
				return (e + t) % 3 == 0;
			};
			case q.PATTERN100: return function(e, t) {
				return (Math.floor(e / 2) + Math.floor(t / 3)) % 2 == 0;
			};
			case q.PATTERN101: return function(e, t) {
				return e * t % 2 + e * t % 3 == 0;
			};
			case q.PATTERN110: return function(e, t) {
				return (e * t % 2 + e * t % 3) % 2 == 0;
			};
			case q.PATTERN111: return function(e, t) {
				return (e * t % 3 + (e + t) % 2) % 2 == 0;
			};
			default: throw "bad maskPattern:" + e;
		}
	}, r.getErrorCorrectPolynomial = function(e) {
		let t = Lt([1], 0);
		for (let n = 0; n < e; n += 1) t = t.multiply(Lt([1, Y.gexp(n)], 0));
		return t;
	}, r.getLengthInBits = function(e, t) {
		if (1 <= t && t < 10) switch (e) {
			case K.MODE_NUMBER: return 10;
			case K.MODE_ALPHA_NUM: return 9;
			case K.MODE_8BIT_BYTE: return 8;
			case K.MODE_KANJI: return 8;
			default: throw "mode:" + e;
		}
		else if (t < 27) switch (e) {
			case K.MODE_NUMBER: return 12;
			case K.MODE_ALPHA_NUM: return 11;
			case K.MODE_8BIT_BYTE: return 16;
			case K.MODE_KANJI: return 10;
			default: throw "mode:" + e;
		}
		else if (t < 41) switch (e) {
			case K.MODE_NUMBER: return 14;
			case K.MODE_ALPHA_NUM: return 13;
			case K.MODE_8BIT_BYTE: return 16;
			case K.MODE_KANJI: return 12;
			default: throw "mode:" + e;
		}
		else throw "type:" + t;
	}, r.getLostPoint = function(e) {
		let t = e.getModuleCount(), n = 0;
		for (let r = 0; r < t; r += 1) for (let i = 0; i < t; i += 1) {
			let a = 0, o = e.isDark(r, i);
			for (let n = -1; n <= 1; n += 1) if (!(r + n < 0 || t <= r + n)) for (let s = -1; s <= 1; s += 1) i + s < 0 || t <= i + s || (n != 0 || s != 0) && o == e.isDark(r + n, i + s) && (a += 1);
			a > 5 && (n += 3 + a - 5);
		}
		for (let r = 0; r < t - 1; r += 1) for (let i = 0; i < t - 1; i += 1) {
			let t = 0;
			e.isDark(r, i) && (t += 1), e.isDark(r + 1, i) && (t += 1), e.isDark(r, i + 1) && (t += 1), e.isDark(r + 1, i + 1) && (t += 1), (t == 0 || t == 4) && (n += 3);
		}
		for (let r = 0; r < t; r += 1) for (let i = 0; i < t - 6; i += 1) e.isDark(r, i) && !e.isDark(r, i + 1) && e.isDark(r, i + 2) && e.isDark(r, i + 3) && e.isDark(r, i + 4) && !e.isDark(r, i + 5) && e.isDark(r, i + 6) && (n += 40);
		for (let r = 0; r < t; r += 1) for (let i = 0; i < t - 6; i += 1) e.isDark(i, r) && !e.isDark(i + 1, r) && e.isDark(i + 2, r) && e.isDark(i + 3, r) && e.isDark(i + 4, r) && !e.isDark(i + 5, r) && e.isDark(i + 6, r) && (n += 40);
		let r = 0;
		for (let n = 0; n < t; n += 1) for (let i = 0; i < t; i += 1) e.isDark(i, n) && (r += 1);
		let i = Math.abs(100 * r / t / t - 50) / 5;
		return n += i * 10, n;
	}, r;
}(), Y = function() {
	let e = Array(256), t = Array(256);
	for (let t = 0; t < 8; t += 1) e[t] = 1 << t;
	for (let t = 8; t < 256; t += 1) e[t] = e[t - 4] ^ e[t - 5] ^ e[t - 6] ^ e[t - 8];
	for (let n = 0; n < 255; n += 1) t[e[n]] = n;
	let n = {};
	return n.glog = function(e) {
		if (e < 1) throw "glog(" + e + ")";
		return t[e];
	}, n.gexp = function(t) {
		for (; t < 0;) t += 255;
		for (; t >= 256;) t -= 255;
		return e[t];
	}, n;
}(), Lt = function(e, t) {
	if (e.length === void 0) throw e.length + "/" + t;
	let n = function() {
		let n = 0;
		for (; n < e.length && e[n] == 0;) n += 1;
		let r = Array(e.length - n + t);
		for (let t = 0; t < e.length - n; t += 1) r[t] = e[t + n];
		return r;
	}(), r = {};
	return r.getAt = function(e) {
		return n[e];
	}, r.getLength = function() {
		return n.length;
	}, r.multiply = function(e) {
		let t = Array(r.getLength() + e.getLength() - 1);
		for (let n = 0; n < r.getLength(); n += 1) for (let i = 0; i < e.getLength(); i += 1) t[n + i] ^= Y.gexp(Y.glog(r.getAt(n)) + Y.glog(e.getAt(i)));
		return Lt(t, 0);
	}, r.mod = function(e) {
		if (r.getLength() - e.getLength() < 0) return r;
		let t = Y.glog(r.getAt(0)) - Y.glog(e.getAt(0)), n = Array(r.getLength());
		for (let e = 0; e < r.getLength(); e += 1) n[e] = r.getAt(e);
		for (let r = 0; r < e.getLength(); r += 1) n[r] ^= Y.gexp(Y.glog(e.getAt(r)) + t);
		return Lt(n, 0).mod(e);
	}, r;
}, Rt = function() {
	let e = [
		[
			1,
			26,
			19
		],
		[
			1,
			26,
			16
		],
		[
			1,
			26,
			13
		],
		[
			1,
			26,
			9
		],
		[
			1,
			44,
			34
		],
		[
			1,
			44,
			28
		],
		[
			1,
			44,
			22
		],
		[
			1,
			44,
			16
		],
		[
			1,
			70,
			55
		],
		[
			1,
			70,
			44
		],
		[
			2,
			35,
			17
		],
		[
			2,
			35,
			13
		],
		[
			1,
			100,
			80
		],
		[
			2,
			50,
			32
		],
		[
			2,
			50,
			24
		],
		[
			4,
			25,
			9
		],
		[
			1,
			134,
			108
		],
		[
			2,
			67,
			43
		],
		[
			2,
			33,
			15,
			2,
			34,
			16
		],
		[
			2,
			33,
			11,
			2,
			34,
			12
		],
		[
			2,
			86,
			68
		],
		[
			4,
			43,
			27
		],
		[
			4,
			43,
			19
		],
		[
			4,
			43,
			15
		],
		[
			2,
			98,
			78
		],
		[
			4,
			49,
			31
		],
		[
			2,
			32,
			14,
			4,
			33,
			15
		],
		[
			4,
			39,
			13,
			1,
			40,
			14
		],
		[
			2,
			121,
			97
		],
		[
			2,
			60,
			38,
			2,
			61,
			39
		],
		[
			4,
			40,
			18,
			2,
			41,
			19
		],
		[
			4,
			40,
			14,
			2,
			41,
			15
		],
		[
			2,
			146,
			116
		],
		[
			3,
			58,
			36,
			2,
			59,
			37
		],
		[
			4,
			36,
			16,
			4,
			37,
			17
		],
		[
			4,
			36,
			12,
			4,
			37,
			13
		],
		[
			2,
			86,
			68,
			2,
			87,
			69
		],
		[
			4,
			69,
			43,
			1,
			70,
			44
		],
		[
			6,
			43,
			19,
			2,
			44,
			20
		],
		[
			6,
			43,
			15,
			2,
			44,
			16
		],
		[
			4,
			101,
			81
		],
		[
			1,
			80,
			50,
			4,
			81,
			51
		],
		[
			4,
			50,
			22,
			4,
			51,
			23
		],
		[
			3,
			36,
			12,
			8,
			37,
			13
		],
		[
			2,
			116,
			92,
			2,
			117,
			93
		],
		[
			6,
			58,
			36,
			2,
			59,
			37
		],
		[
			4,
			46,
			20,
			6,
			47,
			21
		],
		[
			7,
			42,
			14,
			4,
			43,
			15
		],
		[
			4,
			133,
			107
		],
		[
			8,
			59,
			37,
			1,
			60,
			38
		],
		[
			8,
			44,
			20,
			4,
			45,
			21
		],
		[
			12,
			33,
			11,
			4,
			34,
			12
		],
		[
			3,
			145,
			115,
			1,
			146,
			116
		],
		[
			4,
			64,
			40,
			5,
			65,
			41
		],
		[
			11,
			36,
			16,
			5,
			37,
			17
		],
		[
			11,
			36,
			12,
			5,
			37,
			13
		],
		[
			5,
			109,
			87,
			1,
			110,
			88
		],
		[
			5,
			65,
			41,
			5,
			66,
			42
		],
		[
			5,
			54,
			24,
			7,
			55,
			25
		],
		[
			11,
			36,
			12,
			7,
			37,
			13
		],
		[
			5,
			122,
			98,
			1,
			123,
			99
		],
		[
			7,
			73,
			45,
			3,
			74,
			46
		],
		[
			15,
			43,
			19,
			2,
			44,
			20
		],
		[
			3,
			45,
			15,
			13,
			46,
			16
		],
		[
			1,
			135,
			107,
			5,
			136,
			108
		],
		[
			10,
			74,
			46,
			1,
			75,
			47
		],
		[
			1,
			50,
			22,
			15,
			51,
			23
		],
		[
			2,
			42,
			14,
			17,
			43,
			15
		],
		[
			5,
			150,
			120,
			1,
			151,
			121
		],
		[
			9,
			69,
			43,
			4,
			70,
			44
		],
		[
			17,
			50,
			22,
			1,
			51,
			23
		],
		[
			2,
			42,
			14,
			19,
			43,
			15
		],
		[
			3,
			141,
			113,
			4,
			142,
			114
		],
		[
			3,
			70,
			44,
			11,
			71,
			45
		],
		[
			17,
			47,
			21,
			4,
			48,
			22
		],
		[
			9,
			39,
			13,
			16,
			40,
			14
		],
		[
			3,
			135,
			107,
			5,
			136,
			108
		],
		[
			3,
			67,
			41,
			13,
			68,
			42
		],
		[
			15,
			54,
			24,
			5,
			55,
			25
		],
		[
			15,
			43,
			15,
			10,
			44,
			16
		],
		[
			4,
			144,
			116,
			4,
			145,
			117
		],
		[
			17,
			68,
			42
		],
		[
			17,
			50,
			22,
			6,
			51,
			23
		],
		[
			19,
			46,
			16,
			6,
			47,
			17
		],
		[
			2,
			139,
			111,
			7,
			140,
			112
		],
		[
			17,
			74,
			46
		],
		[
			7,
			54,
			24,
			16,
			55,
			25
		],
		[
			34,
			37,
			13
		],
		[
			4,
			151,
			121,
			5,
			152,
			122
		],
		[
			4,
			75,
			47,
			14,
			76,
			48
		],
		[
			11,
			54,
			24,
			14,
			55,
			25
		],
		[
			16,
			45,
			15,
			14,
			46,
			16
		],
		[
			6,
			147,
			117,
			4,
			148,
			118
		],
		[
			6,
			73,
			45,
			14,
			74,
			46
		],
		[
			11,
			54,
			24,
			16,
			55,
			25
		],
		[
			30,
			46,
			16,
			2,
			47,
			17
		],
		[
			8,
			132,
			106,
			4,
			133,
			107
		],
		[
			8,
			75,
			47,
			13,
			76,
			48
		],
		[
			7,
			54,
			24,
			22,
			55,
			25
		],
		[
			22,
			45,
			15,
			13,
			46,
			16
		],
		[
			10,
			142,
			114,
			2,
			143,
			115
		],
		[
			19,
			74,
			46,
			4,
			75,
			47
		],
		[
			28,
			50,
			22,
			6,
			51,
			23
		],
		[
			33,
			46,
			16,
			4,
			47,
			17
		],
		[
			8,
			152,
			122,
			4,
			153,
			123
		],
		[
			22,
			73,
			45,
			3,
			74,
			46
		],
		[
			8,
			53,
			23,
			26,
			54,
			24
		],
		[
			12,
			45,
			15,
			28,
			46,
			16
		],
		[
			3,
			147,
			117,
			10,
			148,
			118
		],
		[
			3,
			73,
			45,
			23,
			74,
			46
		],
		[
			4,
			54,
			24,
			31,
			55,
			25
		],
		[
			11,
			45,
			15,
			31,
			46,
			16
		],
		[
			7,
			146,
			116,
			7,
			147,
			117
		],
		[
			21,
			73,
			45,
			7,
			74,
			46
		],
		[
			1,
			53,
			23,
			37,
			54,
			24
		],
		[
			19,
			45,
			15,
			26,
			46,
			16
		],
		[
			5,
			145,
			115,
			10,
			146,
			116
		],
		[
			19,
			75,
			47,
			10,
			76,
			48
		],
		[
			15,
			54,
			24,
			25,
			55,
			25
		],
		[
			23,
			45,
			15,
			25,
			46,
			16
		],
		[
			13,
			145,
			115,
			3,
			146,
			116
		],
		[
			2,
			74,
			46,
			29,
			75,
			47
		],
		[
			42,
			54,
			24,
			1,
			55,
			25
		],
		[
			23,
			45,
			15,
			28,
			46,
			16
		],
		[
			17,
			145,
			115
		],
		[
			10,
			74,
			46,
			23,
			75,
			47
		],
		[
			10,
			54,
			24,
			35,
			55,
			25
		],
		[
			19,
			45,
			15,
			35,
			46,
			16
		],
		[
			17,
			145,
			115,
			1,
			146,
			116
		],
		[
			14,
			74,
			46,
			21,
			75,
			47
		],
		[
			29,
			54,
			24,
			19,
			55,
			25
		],
		[
			11,
			45,
			15,
			46,
			46,
			16
		],
		[
			13,
			145,
			115,
			6,
			146,
			116
		],
		[
			14,
			74,
			46,
			23,
			75,
			47
		],
		[
			44,
			54,
			24,
			7,
			55,
			25
		],
		[
			59,
			46,
			16,
			1,
			47,
			17
		],
		[
			12,
			151,
			121,
			7,
			152,
			122
		],
		[
			12,
			75,
			47,
			26,
			76,
			48
		],
		[
			39,
			54,
			24,
			14,
			55,
			25
		],
		[
			22,
			45,
			15,
			41,
			46,
			16
		],
		[
			6,
			151,
			121,
			14,
			152,
			122
		],
		[
			6,
			75,
			47,
			34,
			76,
			48
		],
		[
			46,
			54,
			24,
			10,
			55,
			25
		],
		[
			2,
			45,
			15,
			64,
			46,
			16
		],
		[
			17,
			152,
			122,
			4,
			153,
			123
		],
		[
			29,
			74,
			46,
			14,
			75,
			47
		],
		[
			49,
			54,
			24,
			10,
			55,
			25
		],
		[
			24,
			45,
			15,
			46,
			46,
			16
		],
		[
			4,
			152,
			122,
			18,
			153,
			123
		],
		[
			13,
			74,
			46,
			32,
			75,
			47
		],
		[
			48,
			54,
			24,
			14,
			55,
			25
		],
		[
			42,
			45,
			15,
			32,
			46,
			16
		],
		[
			20,
			147,
			117,
			4,
			148,
			118
		],
		[
			40,
			75,
			47,
			7,
			76,
			48
		],
		[
			43,
			54,
			24,
			22,
			55,
			25
		],
		[
			10,
			45,
			15,
			67,
			46,
			16
		],
		[
			19,
			148,
			118,
			6,
			149,
			119
		],
		[
			18,
			75,
			47,
			31,
			76,
			48
		],
		[
			34,
			54,
			24,
			34,
			55,
			25
		],
		[
			20,
			45,
			15,
			61,
			46,
			16
		]
	], t = function(e, t) {
		let n = {};
		return n.totalCount = e, n.dataCount = t, n;
	}, n = {}, r = function(t, n) {
		switch (n) {
			case It.L: return e[(t - 1) * 4 + 0];
			case It.M: return e[(t - 1) * 4 + 1];
			case It.Q: return e[(t - 1) * 4 + 2];
			case It.H: return e[(t - 1) * 4 + 3];
			default: return;
		}
	};
	return n.getRSBlocks = function(e, n) {
		let i = r(e, n);
		if (i === void 0) throw "bad rs block @ typeNumber:" + e + "/errorCorrectionLevel:" + n;
		let a = i.length / 3, o = [];
		for (let e = 0; e < a; e += 1) {
			let n = i[e * 3 + 0], r = i[e * 3 + 1], a = i[e * 3 + 2];
			for (let e = 0; e < n; e += 1) o.push(t(r, a));
		}
		return o;
	}, n;
}(), zt = function() {
	let e = [], t = 0, n = {};
	return n.getBuffer = function() {
		return e;
	}, n.getAt = function(t) {
		let n = Math.floor(t / 8);
		return (e[n] >>> 7 - t % 8 & 1) == 1;
	}, n.put = function(e, t) {
		for (let r = 0; r < t; r += 1) n.putBit((e >>> t - r - 1 & 1) == 1);
	}, n.getLengthInBits = function() {
		return t;
	}, n.putBit = function(n) {
		let r = Math.floor(t / 8);
		e.length <= r && e.push(0), n && (e[r] |= 128 >>> t % 8), t += 1;
	}, n;
}, Bt = function(e) {
	let t = K.MODE_NUMBER, n = e, r = {};
	r.getMode = function() {
		return t;
	}, r.getLength = function(e) {
		return n.length;
	}, r.write = function(e) {
		let t = n, r = 0;
		for (; r + 2 < t.length;) e.put(i(t.substring(r, r + 3)), 10), r += 3;
		r < t.length && (t.length - r == 1 ? e.put(i(t.substring(r, r + 1)), 4) : t.length - r == 2 && e.put(i(t.substring(r, r + 2)), 7));
	};
	let i = function(e) {
		let t = 0;
		for (let n = 0; n < e.length; n += 1) t = t * 10 + a(e.charAt(n));
		return t;
	}, a = function(e) {
		if ("0" <= e && e <= "9") return e.charCodeAt(0) - 48;
		throw "illegal char :" + e;
	};
	return r;
}, Vt = function(e) {
	let t = K.MODE_ALPHA_NUM, n = e, r = {};
	r.getMode = function() {
		return t;
	}, r.getLength = function(e) {
		return n.length;
	}, r.write = function(e) {
		let t = n, r = 0;
		for (; r + 1 < t.length;) e.put(i(t.charAt(r)) * 45 + i(t.charAt(r + 1)), 11), r += 2;
		r < t.length && e.put(i(t.charAt(r)), 6);
	};
	let i = function(e) {
		if ("0" <= e && e <= "9") return e.charCodeAt(0) - 48;
		if ("A" <= e && e <= "Z") return e.charCodeAt(0) - 65 + 10;
		switch (e) {
			case " ": return 36;
			case "$": return 37;
			case "%": return 38;
			case "*": return 39;
			case "+": return 40;
			case "-": return 41;
			case ".": return 42;
			case "/": return 43;
			case ":": return 44;
			default: throw "illegal char :" + e;
		}
	};
	return r;
}, Ht = function(e) {
	let t = K.MODE_8BIT_BYTE, n = G.stringToBytes(e), r = {};
	return r.getMode = function() {
		return t;
	}, r.getLength = function(e) {
		return n.length;
	}, r.write = function(e) {
		for (let t = 0; t < n.length; t += 1) e.put(n[t], 8);
	}, r;
}, Ut = function(e) {
	let t = K.MODE_KANJI, n = G.stringToBytes;
	(function(e, t) {
		let r = n(e);
		if (r.length != 2 || (r[0] << 8 | r[1]) != t) throw "sjis not supported.";
	})("友", 38726);
	let r = n(e), i = {};
	return i.getMode = function() {
		return t;
	}, i.getLength = function(e) {
		return ~~(r.length / 2);
	}, i.write = function(e) {
		let t = r, n = 0;
		for (; n + 1 < t.length;) {
			let r = (255 & t[n]) << 8 | 255 & t[n + 1];
			if (33088 <= r && r <= 40956) r -= 33088;
			else if (57408 <= r && r <= 60351) r -= 49472;
			else throw "illegal char at " + (n + 1) + "/" + r;
			r = (r >>> 8 & 255) * 192 + (r & 255), e.put(r, 13), n += 2;
		}
		if (n < t.length) throw "illegal char at " + (n + 1);
	}, i;
}, Wt = function() {
	let e = [], t = {};
	return t.writeByte = function(t) {
		e.push(t & 255);
	}, t.writeShort = function(e) {
		t.writeByte(e), t.writeByte(e >>> 8);
	}, t.writeBytes = function(e, n, r) {
		n ||= 0, r ||= e.length;
		for (let i = 0; i < r; i += 1) t.writeByte(e[i + n]);
	}, t.writeString = function(e) {
		for (let n = 0; n < e.length; n += 1) t.writeByte(e.charCodeAt(n));
	}, t.toByteArray = function() {
		return e;
	}, t.toString = function() {
		let t = "";
		t += "[";
		for (let n = 0; n < e.length; n += 1) n > 0 && (t += ","), t += e[n];
		return t += "]", t;
	}, t;
}, Gt = function() {
	let e = 0, t = 0, n = 0, r = "", i = {}, a = function(e) {
		r += String.fromCharCode(o(e & 63));
	}, o = function(e) {
		if (e < 0) throw "n:" + e;
		if (e < 26) return 65 + e;
		if (e < 52) return 97 + (e - 26);
		if (e < 62) return 48 + (e - 52);
		if (e == 62) return 43;
		if (e == 63) return 47;
		throw "n:" + e;
	};
	return i.writeByte = function(r) {
		for (e = e << 8 | r & 255, t += 8, n += 1; t >= 6;) a(e >>> t - 6), t -= 6;
	}, i.flush = function() {
		if (t > 0 && (a(e << 6 - t), e = 0, t = 0), n % 3 != 0) {
			let e = 3 - n % 3;
			for (let t = 0; t < e; t += 1) r += "=";
		}
	}, i.toString = function() {
		return r;
	}, i;
}, Kt = function(e) {
	let t = e, n = 0, r = 0, i = 0, a = {};
	a.read = function() {
		for (; i < 8;) {
			if (n >= t.length) {
				if (i == 0) return -1;
				throw "unexpected end of file./" + i;
			}
			let e = t.charAt(n);
			if (n += 1, e == "=") return i = 0, -1;
			e.match(/^\s$/) || (r = r << 6 | o(e.charCodeAt(0)), i += 6);
		}
		let e = r >>> i - 8 & 255;
		return i -= 8, e;
	};
	let o = function(e) {
		if (65 <= e && e <= 90) return e - 65;
		if (97 <= e && e <= 122) return e - 97 + 26;
		if (48 <= e && e <= 57) return e - 48 + 52;
		if (e == 43) return 62;
		if (e == 47) return 63;
		throw "c:" + e;
	};
	return a;
}, qt = function(e, t) {
	let n = e, r = t, i = Array(e * t), a = {};
	a.setPixel = function(e, t, r) {
		i[t * n + e] = r;
	}, a.write = function(e) {
		e.writeString("GIF87a"), e.writeShort(n), e.writeShort(r), e.writeByte(128), e.writeByte(0), e.writeByte(0), e.writeByte(0), e.writeByte(0), e.writeByte(0), e.writeByte(255), e.writeByte(255), e.writeByte(255), e.writeString(","), e.writeShort(0), e.writeShort(0), e.writeShort(n), e.writeShort(r), e.writeByte(0);
		let t = s(2);
		e.writeByte(2);
		let i = 0;
		for (; t.length - i > 255;) e.writeByte(255), e.writeBytes(t, i, 255), i += 255;
		e.writeByte(t.length - i), e.writeBytes(t, i, t.length - i), e.writeByte(0), e.writeString(";");
	};
	let o = function(e) {
		let t = e, n = 0, r = 0, i = {};
		return i.write = function(e, i) {
			if (e >>> i) throw "length over";
			for (; n + i >= 8;) t.writeByte(255 & (e << n | r)), i -= 8 - n, e >>>= 8 - n, r = 0, n = 0;
			r = e << n | r, n += i;
		}, i.flush = function() {
			n > 0 && t.writeByte(r);
		}, i;
	}, s = function(e) {
		let t = 1 << e, n = (1 << e) + 1, r = e + 1, a = c();
		for (let e = 0; e < t; e += 1) a.add(String.fromCharCode(e));
		a.add(String.fromCharCode(t)), a.add(String.fromCharCode(n));
		let s = Wt(), l = o(s);
		l.write(t, r);
		let u = 0, d = String.fromCharCode(i[u]);
		for (u += 1; u < i.length;) {
			let e = String.fromCharCode(i[u]);
			u += 1, a.contains(d + e) ? d += e : (l.write(a.indexOf(d), r), a.size() < 4095 && (a.size() == 1 << r && (r += 1), a.add(d + e)), d = e);
		}
		return l.write(a.indexOf(d), r), l.write(n, r), l.flush(), s.toByteArray();
	}, c = function() {
		let e = {}, t = 0, n = {};
		return n.add = function(r) {
			if (n.contains(r)) throw "dup key:" + r;
			e[r] = t, t += 1;
		}, n.size = function() {
			return t;
		}, n.indexOf = function(t) {
			return e[t];
		}, n.contains = function(t) {
			return e[t] !== void 0;
		}, n;
	};
	return a;
}, Jt = function(e, t, n) {
	let r = qt(e, t);
	for (let i = 0; i < t; i += 1) for (let t = 0; t < e; t += 1) r.setPixel(t, i, n(t, i));
	let i = Wt();
	r.write(i);
	let a = Gt(), o = i.toByteArray();
	for (let e = 0; e < o.length; e += 1) a.writeByte(o[e]);
	return a.flush(), "data:image/gif;base64," + a;
};
G.stringToBytes;
// src/qr-code.ts
function Yt(e) {
	let t = G(0, "M");
	t.addData(e), t.make();
	let n = t.getModuleCount(), r = "";
	for (let e = 0; e < n; e += 1) for (let i = 0; i < n; i += 1) t.isDark(e, i) && (r += `M${i} ${e}h1v1h-1z`);
	return {
		size: n,
		path: r
	};
}
function Xt(e, t) {
	let { size: n, path: r } = Yt(e);
	return S`<svg viewBox="-4 -4 ${n + 8} ${n + 8}" role="img" aria-label=${t} width="200" height="200">
    <rect x="-4" y="-4" width=${n + 8} height=${n + 8} fill="#fff" />
    <path d=${r} fill="#000" />
  </svg>`;
}
// src/charger-card.ts
var Zt = [
	"off",
	"solar",
	"solar_min",
	"fast"
], Qt = [
	30,
	60,
	120
];
function $t(e, t) {
	let n = e.states[t.entities.mode ?? ""]?.attributes.options;
	return Array.isArray(n) ? n : Zt;
}
H("sunfuse-charger-card", class extends V {
	static properties = {
		...V.properties,
		linked: { state: !0 },
		typed: { state: !0 },
		choice: { state: !0 }
	};
	language = "";
	static styles = [B, o`
      .wish {
        align-items: end;
        margin-block-start: 12px;
      }
      .wish input[type="number"] {
        inline-size: 6em;
      }
      .boost {
        display: grid;
        grid-template-columns: auto repeat(3, 1fr);
        align-items: center;
        gap: 6px;
        margin-block: 8px;
      }
      .boost button {
        padding-inline: 4px;
      }
      .boosting {
        display: block;
        margin-block: 8px;
      }
      details {
        margin-block-start: 12px;
      }
      summary {
        cursor: pointer;
        min-block-size: 32px;
        color: var(--secondary-text-color);
      }
      a {
        color: inherit;
        overflow-wrap: anywhere;
      }
      .why {
        border-inline-start: 4px solid var(--primary-color);
        padding-inline-start: 12px;
        margin-block: 12px;
      }
    `];
	static getConfigForm() {
		return $e("charger");
	}
	willUpdate() {
		let { hass: e } = this;
		e && this.language !== e.language && (this.language = e.language, Je(e).then((e) => {
			this.choice = e;
		}));
	}
	shows(e) {
		return [
			this.found(e),
			e.admin,
			e.currency,
			e.flows && e.flows.solar_w !== null
		];
	}
	found(e) {
		let t = this.config?.charger;
		return t ? Object.values(e.chargers).find(({ id: e, identity: n, name: r }) => [
			e,
			n,
			r
		].includes(t)) : bt(e)[0];
	}
	content(e, t) {
		let n = this.config?.charger, r = this.found(e);
		return r ? this.charger(r, e, t) : x`<p class="quiet">${t(n ? "no_charger_named" : "no_charger", { charger: n ?? "" })}</p>`;
	}
	charger(e, t, n) {
		let r = this.hass, i = e.sun_share || !t.flows || t.flows.solar_w !== null;
		return x`
      <div class="head">
        <h2>${this.config?.title ?? e.name}</h2>
        <span class="chip ${e.connected && e.status !== "faulted" ? "" : "bad"}">
          ${e.connected ? e.status ? k(r, "sensor", "status", e.status) : "–" : n("offline")}
        </span>
      </div>
      <div class="row spread">
        <span class="big">${M(r, e.power_w ?? 0)}</span>
        <span class="quiet">${[e.vehicle, e.driver].filter(Boolean).join(" · ")}</span>
      </div>
      <dl class="numbers">
        ${this.fact(n("session_energy"), e.session_wh === null ? null : N(r, e.session_wh))}
        ${this.fact(n("today"), e.today_wh === null ? null : N(r, e.today_wh))}
        ${this.fact(n("soc"), e.soc === null ? null : F(r, e.soc))}
        ${this.fact(n("cost"), e.cost === null ? null : I(r, e.cost, t.currency))}
        ${this.fact(n("sun_share"), i && e.sun_share !== null ? F(r, e.sun_share * 100) : null)}
      </dl>
      <div class="why">
        <p>${e.reason.text}</p>
        ${e.reason.until ? x`<p>${n("lasts_until", { time: R(r, e.reason.until) })}</p>` : w}
        ${e.reason.change ? x`<p class="quiet">${e.reason.change}</p>` : w}
      </div>
      ${this.demand(e, n)} ${e.may_drive ? this.controls(e, n) : w}
    `;
	}
	fact(e, t) {
		return t === null ? w : x`<div><dt>${e}</dt><dd>${t}</dd></div>`;
	}
	demand(e, t) {
		let { demand: n, plan: r } = e, i = [];
		if (n?.departure) {
			let e = R(this.hass, n.departure);
			i.push(n.guessed ? t("ready_by_guess", { time: e }) : t("ready_by", { time: e }));
		}
		return n?.target_soc != null && i.push(t("target", { soc: F(this.hass, n.target_soc) })), r?.missing_wh ? i.push(t("misses", { energy: N(this.hass, r.missing_wh) })) : r?.ready && i.push(t("expected", { time: R(this.hass, r.ready) })), i.length ? x`<p>${i.join(" ")}</p>` : w;
	}
	controls(e, t) {
		let { mode: n, boost: r, allowed: i } = e.entities;
		return x`
      ${n ? x`<div class="choice" role="radiogroup" aria-label=${t("mode")} @keydown=${this.arrow}>
            ${$t(this.hass, e).map((t) => x`<button
                role="radio"
                aria-checked=${t === e.mode}
                tabindex=${t === e.mode ? 0 : -1}
                @click=${() => this.act("select", "select_option", {
			entity_id: n,
			option: t
		})}
              >
                ${k(this.hass, "select", "mode", t)}
              </button>`)}
          </div>
          ${this.inWords(e.mode)}` : w}
      ${r && e.device_id && e.connected ? this.boost(e, t) : w}
      <div class="row">
        ${i ? x`<button
              aria-pressed=${!e.allowed}
              @click=${() => this.act("switch", e.allowed ? "turn_off" : "turn_on", { entity_id: i })}
            >
              ${t(e.allowed ? "pause" : "resume")}
            </button>` : w}
      </div>
      ${e.device_id && e.status !== "available" ? this.wish(e, t) : w}
      ${this.site?.admin && this.config?.type ? this.link(e, this.site, t) : w}
    `;
	}
	inWords(e) {
		let t = this.choice && Xe(this.choice, e);
		return t ? x`<p class="quiet">${t}</p>` : w;
	}
	link(e, t, n) {
		let r = `/sunfuse-driver/${encodeURIComponent(t.entry_id)}/${e.id}`, i = `${(this.hass.config.external_url || location.origin).replace(/\/$/, "")}${r}`;
		return x`<details
      @toggle=${(e) => {
			this.linked = e.target.open;
		}}
    >
      <summary>${n("driver_link")}</summary>
      ${this.linked ? x`<p class="quiet">${n("driver_link_help")}</p>
            <p><a href=${r}>${i}</a></p>
            ${Xt(i, n("driver_link"))}` : w}
    </details>`;
	}
	wish(e, t) {
		let { demand: n } = e, r = n?.departure && !n.guessed ? n.departure : null, i = r ? z(this.hass, Date.parse(r)).slice(11) : "", a = e.device_id;
		return x`<form
      class="row wish"
      @submit=${(e) => {
			e.preventDefault();
			let n = new FormData(e.target), r = n.get("soc") ? Number(n.get("soc")) : void 0, i = new Date(ft(this.hass, String(n.get("time")))).toISOString(), o = {
				device_id: a,
				departure: i,
				...r ? { target_soc: r } : {}
			};
			this.act("sunfuse", "set_departure", o, t("departure_set")).then((e) => {
				e && (this.typed = void 0);
			});
		}}
      @input=${(e) => {
			let { name: t, value: n } = e.target;
			this.typed = {
				...this.typed,
				[t]: n
			};
		}}
    >
      <label>${t("ready_at")}<input name="time" type="time" required .value=${Ft(this.typed?.time ?? i)} /></label>
      <label
        >${t("target_soc")}<input
          name="soc"
          type="number"
          min="1"
          max="100"
          inputmode="numeric"
          .value=${Ft(this.typed?.soc ?? (n?.target_soc == null ? "" : String(n.target_soc)))}
      /></label>
      <button type="submit">${t("set")}</button>
      ${n?.clearable ? x`<button type="button" @click=${() => {
			this.typed = void 0, this.act("sunfuse", "clear_departure", { device_id: a });
		}}>
            ${t("clear")}
          </button>` : w}
    </form>`;
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
		if (n.on) return x`<button
        class="main boosting"
        aria-pressed="true"
        @click=${() => this.act("sunfuse", "cancel_boost", { device_id: r })}
      >
        ${n.until ? t("boost_until", { time: R(this.hass, n.until) }) : t("boost_on")}
      </button>${this.quota(e, t)}`;
		let i = n.quota_wh !== null && (n.used_wh ?? 0) >= n.quota_wh;
		return x`<div class="boost" role="group" aria-label=${t("boost")}>
        <span class="quiet">${t("boost")}</span>
        ${Qt.map((e) => x`<button
            aria-label=${t("boost_for", { minutes: e })}
            ?disabled=${i}
            @click=${() => this.act("sunfuse", "boost", {
			device_id: r,
			duration: { minutes: e }
		}, t("boost_started"))}
          >
            <bdi dir="ltr">${e} min</bdi>
          </button>`)}
      </div>
      ${this.quota(e, t)}`;
	}
	quota(e, t) {
		let { quota_wh: n, used_wh: r } = e.boost;
		if (n === null) return w;
		let i = {
			used: N(this.hass, r),
			quota: N(this.hass, n)
		};
		return x`<p class="quiet">${t((r ?? 0) >= n ? "quota_used" : "quota", i)}</p>`;
	}
});
// node_modules/lit-html/directives/guard.js
var en = {}, tn = wt(class extends Tt {
	constructor() {
		super(...arguments), this.ot = en;
	}
	render(e, t) {
		return t();
	}
	update(e, [t, n]) {
		if (Array.isArray(t)) {
			if (Array.isArray(this.ot) && this.ot.length === t.length && t.every((e, t) => e === this.ot[t])) return C;
		} else if (this.ot === t) return C;
		return this.ot = Array.isArray(t) ? Array.from(t) : t, this.render(t, n);
	}
}), nn = class {
	stop;
	asked;
	host;
	told;
	constructor(e, t) {
		this.host = e, this.told = t, e.addController(this);
	}
	follow(e, t) {
		let n = JSON.stringify(t);
		this.host.isConnected && this.asked !== n && (this.stop?.(), this.asked = n, this.stop = _t(e, t).listen(this.told));
	}
	hostConnected() {
		this.host.requestUpdate();
	}
	hostDisconnected() {
		this.stop?.(), this.stop = void 0, this.asked = void 0;
	}
};
H("sunfuse-new-chargers", class extends D {
	static properties = {
		hass: { attribute: !1 },
		site: {},
		say: { attribute: !1 },
		found: { state: !0 },
		proposed: { state: !0 },
		problem: { state: !0 },
		choice: { state: !0 },
		left: { state: !0 }
	};
	static styles = [B, o`
      form {
        border: 2px solid var(--primary-color);
        border-radius: 12px;
        padding: 12px;
        margin-block-end: 16px;
      }
      h3 {
        margin-block-start: 0;
      }
      label {
        flex: 1 1 140px;
      }
      fieldset {
        border: 0;
        padding: 0;
        margin: 12px 0;
        min-inline-size: 0;
      }
      legend {
        padding: 0;
        font-weight: 500;
      }
      .pick {
        flex-direction: row;
        align-items: center;
        gap: 8px;
        min-block-size: 40px;
        font-size: 14px;
        color: var(--primary-text-color);
      }
      .pick input {
        inline-size: 24px;
        block-size: 24px;
        min-block-size: 24px;
        flex: none;
        margin: 0;
      }
      input,
      select {
        inline-size: 100%;
      }
      fieldset + .row {
        align-items: end;
      }
      button.main {
        margin-block-start: 12px;
      }
    `];
	language = "";
	waiting = new nn(this, (e) => {
		this.found = e, this.proposed = void 0;
	});
	constructor() {
		super(), this.left = /* @__PURE__ */ new Set();
	}
	shouldUpdate(e) {
		return e.size > 1 || !e.has("hass") || !this.hasUpdated;
	}
	willUpdate() {
		let { hass: e, site: t } = this;
		this.language !== e.language && (this.language = e.language, Je(e).then((e) => {
			this.choice = e;
		})), t && this.waiting.follow(e, {
			type: "sunfuse/new_chargers/subscribe",
			entry_id: t,
			language: e.language
		});
	}
	render() {
		let { found: e, say: t } = this;
		if (!e?.waiting?.length) return e ? x`<slot></slot>` : w;
		if (!this.choice) return w;
		let n = this.chosen(e);
		return x`<form
      @submit=${(e) => {
			e.preventDefault(), this.accept(e.target, n, !this.proposed);
		}}
      @input=${() => {
			this.proposed = void 0, this.problem = void 0;
		}}
    >
      <h3>${t("new_chargers", { count: e.waiting.length })}</h3>
      ${e.waiting.length > 1 ? x`<div class="row">${e.waiting.map(({ identity: e, vendor: t, model: n }) => this.pick(e, `${e} (${t} ${n})`))}</div>` : x`<p class="quiet">${e.waiting.map(({ identity: e, vendor: t, model: n }) => `${e} (${t} ${n})`)}</p>`}
      ${e.more ? x`<p class="quiet">${t("new_chargers_more")}</p>` : w}
      <fieldset>
        <legend>${t("mode_asked")}</legend>
        ${e.modes.map((t) => x`<label class="pick"
            ><input type="radio" name="mode" value=${t} required ?checked=${e.modes.length === 1} />
            ${this.choice && Xe(this.choice, t) || t}</label
          >`)}
      </fieldset>
      <div class="row">
        <label>${t("name_pattern", { n: "{n}" })}<input name="pattern" required value=${t("name_default", { n: "{n}" })} maxlength="60" /></label>
        <label>${t("first_number")}<input name="first" type="number" min="0" max="100000" value="1" required /></label>
        ${e.circuits.length > 1 ? x`<label
              >${t("circuit")}<select name="circuit">
                ${e.circuits.map(({ id: e, name: t }) => x`<option value=${e}>${t}</option>`)}
              </select></label
            >` : w}
        ${e.phases > 1 ? x`<label
              >${t("phases")}<select name="phases">
                ${[
			3,
			2,
			1
		].filter((t) => t <= e.phases).map((e) => x`<option value=${e}>${e}</option>`)}
              </select></label
            >` : w}
        <label>${t("maximum_current")}<input name="max_a" type="number" min="6" max="500" value="16" required /></label>
      </div>
      ${this.proposed ? x`<ul>
              ${this.proposed.map(({ identity: e, name: n, fail_safe_a: r }) => x`<li>${t("named", {
			name: e,
			value: t("proposed", {
				name: n,
				current: P(this.hass, r)
			})
		})}</li>`)}
            </ul>
            <p class="quiet">${t("accept_note")}</p>` : w}
      ${this.problem ? x`<p class="error" role="alert">${this.problem}</p>` : w}
      <button class="main" type="submit" ?disabled=${!n.length}>
        ${t(this.proposed ? "accept_all" : "accept_preview", { count: n.length })}
      </button>
    </form>`;
	}
	chosen(e) {
		return e.waiting.map(({ identity: e }) => e).filter((e) => !this.left.has(e));
	}
	pick(e, t) {
		return x`<label class="pick"
      ><input
        type="checkbox"
        .checked=${!this.left.has(e)}
        @change=${() => {
			let t = new Set(this.left);
			t.delete(e) || t.add(e), this.left = t;
		}}
      />${t}</label
    >`;
	}
	async accept(e, t, n) {
		let r = new FormData(e), i = (e) => r.has(e) ? { [e]: r.get(e) } : {};
		try {
			let e = await this.hass.callWS({
				type: "sunfuse/new_chargers/accept",
				entry_id: this.site,
				identities: t,
				mode: r.get("mode"),
				pattern: r.get("pattern"),
				first: Number(r.get("first")),
				max_a: Number(r.get("max_a")),
				...i("circuit"),
				...r.has("phases") ? { phases: Number(r.get("phases")) } : {},
				preview: n
			});
			this.proposed = n ? e : void 0, this.problem = void 0;
		} catch (e) {
			this.problem = await O(this.hass, e);
		}
	}
});
// src/chargers-card.ts
var rn = 60;
H("sunfuse-chargers-card", class extends V {
	static properties = {
		...V.properties,
		chosen: { state: !0 },
		wanted: { state: !0 }
	};
	static styles = [B, o`
      label.all {
        flex-direction: row;
        align-items: center;
        gap: 12px;
        min-block-size: 44px;
        padding-inline-start: 8px;
        font-size: var(--ha-font-size-m, 14px);
        color: var(--primary-text-color);
      }
      input[type="checkbox"] {
        inline-size: 24px;
        min-block-size: 24px;
        block-size: 24px;
        margin: 0;
      }
      .name {
        min-inline-size: 5em;
      }
      .why {
        min-inline-size: 140px;
        font-size: 13px;
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
        td.name {
          grid-column: 2 / -1;
          min-inline-size: 0;
        }
        td.who,
        td.why {
          grid-column: 2 / -1;
        }
        td.optional {
          display: none;
        }
        td.state,
        td.number {
          grid-row: 2;
        }
        td.state {
          grid-column: 2;
        }
        td.number {
          grid-column: 3;
        }
        label.all {
          padding: 0;
        }
      }
    `];
	constructor() {
		super(), this.chosen = /* @__PURE__ */ new Set(), this.wanted = "";
	}
	getCardSize() {
		return 10;
	}
	getGridOptions() {
		return { columns: "full" };
	}
	static getConfigForm() {
		return $e("chargers");
	}
	content(e, t) {
		let n = bt(e, this.config?.chargers), r = x`<p class="quiet">${t("no_charger_address", { address: e.address })}</p>`, i = n.reduce((e, t) => e + (t.power_w ?? 0), 0);
		return x`
      <div class="head">
        <h2>${this.config?.title ?? t("chargers")}</h2>
        <span class="quiet">${t("chargers_total", {
			count: n.length,
			power: M(this.hass, i)
		})}</span>
      </div>
      ${e.admin ? x`<sunfuse-new-chargers .hass=${this.hass} .site=${e.entry_id} .say=${t}>${n.length ? w : r}</sunfuse-new-chargers>` : w}
      ${n.length ? this.table(n, t) : e.admin ? w : r}
    `;
	}
	table(e, t) {
		let n = e.filter((e) => e.may_drive), r = n.filter((e) => this.chosen.has(e.id));
		return x`
      ${n.length > 1 ? this.actions(r, n, t) : w}
      <div class="scroll" tabindex="0" role="region" aria-label=${t("chargers")}>
        <table>
          <thead>
            <tr>
              ${n.length > 1 ? x`<td></td>` : w}
              <th>${t("charger")}</th>
              <th>${t("state")}</th>
              <th>${t("driver")} · ${t("by_vehicle")}</th>
              <th class="number">${t("power")}</th>
              <th class="number">${t("today")}</th>
              <th>${t("mode")}</th>
              <th>${t("reason")}</th>
            </tr>
          </thead>
          <tbody>
            ${e.map((e) => tn([
			e,
			this.chosen.has(e.id),
			n.length > 1,
			t,
			this.hass.locale,
			this.hass.localize
		], () => this.row(e, n.length > 1, t)))}
          </tbody>
        </table>
      </div>
    `;
	}
	row(e, t, n) {
		let r = this.hass, i = [e.driver, e.vehicle].filter(Boolean).join(" · ");
		return x`<tr>
      ${t ? x`<td>
            ${e.may_drive ? x`<input
                  type="checkbox"
                  aria-label=${n("choose", { charger: e.name })}
                  .checked=${this.chosen.has(e.id)}
                  @change=${() => {
			let t = new Set(this.chosen);
			t.delete(e.id) || t.add(e.id), this.chosen = t;
		}}
                />` : w}
          </td>` : w}
      <td class="name"><strong>${e.name}</strong></td>
      <td class="state">
        ${e.connected ? e.status ? k(r, "sensor", "status", e.status) : "–" : n("offline")}
      </td>
      <td class=${i ? "who" : "optional"}>${i}</td>
      <td class="number">${M(r, e.power_w ?? 0)}</td>
      <td class="number optional">${N(r, e.today_wh)}</td>
      <td class="optional">${k(r, "select", "mode", e.mode)}</td>
      <td class="why">${e.reason.text}</td>
    </tr>`;
	}
	async boostAll(e, t) {
		let n = { minutes: rn }, r = [];
		for (let { device_id: i, name: a } of e) i && !await this.act("sunfuse", "boost", {
			device_id: i,
			duration: n
		}) && r.push(t("named", {
			name: a,
			value: this.announced
		}));
		this.announced = r.length ? r.join(" ") : t("done");
	}
	async setMode(e, t) {
		await this.act("select", "select_option", {
			entity_id: e,
			option: this.wanted
		}, t("done")) && (this.wanted = "");
	}
	actions(e, t, n) {
		let r = (t) => e.flatMap((e) => e.entities[t] ?? []), i = e[0] ?? t[0], a = i ? $t(this.hass, i) : [];
		return x`<div class="row" role="group" aria-label=${n("actions")}>
      <label class="all"
        ><input
          type="checkbox"
          .checked=${e.length === t.length}
          .indeterminate=${e.length > 0 && e.length < t.length}
          @change=${(e) => {
			let n = e.target.checked;
			this.chosen = new Set(n ? t.map(({ id: e }) => e) : []);
		}}
        />
        ${n("choose_all")}</label
      >
      ${e.length ? x`<span>${n("chosen", { count: e.length })}</span>` : w}
      <select
        aria-label=${n("set_mode")}
        ?disabled=${!e.length}
        .value=${this.wanted}
        @change=${(e) => {
			this.wanted = e.target.value;
		}}
      >
        <option value="">${n("set_mode")}</option>
        ${a.map((e) => x`<option value=${e}>${k(this.hass, "select", "mode", e)}</option>`)}
      </select>
      ${this.wanted ? x`<button class="main" ?disabled=${!e.length} @click=${() => this.setMode(r("mode"), n)}>${n("set")}</button>` : w}
      <button
        ?disabled=${!e.length}
        @click=${() => this.boostAll(e, n)}
      >
        ${n("boost_for", { minutes: rn })}
      </button>
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
});
// src/driver-panel.ts
var an = "sunfuse-driver", on = class extends V {
	static styles = [B, o`
      :host {
        max-inline-size: 640px;
        margin-inline: auto;
        padding: 8px;
      }
      /* A page, and not a card in a card. */
      ha-card {
        background: none;
        border: 0;
        box-shadow: none;
        padding: 8px;
      }
      sunfuse-charger-card {
        margin-block-end: 16px;
      }
      .head button {
        border: 0;
        background: none;
        font-size: 22px;
        line-height: 1;
        min-inline-size: 44px;
        padding: 0;
      }
      .chargers {
        list-style: none;
        padding: 0;
        margin: 0;
      }
      .chargers li {
        display: flex;
        justify-content: space-between;
        gap: 12px;
        padding-block: 8px;
        border-block-end: 1px solid var(--quiet);
      }
    `];
	static properties = {
		...V.properties,
		narrow: { attribute: !1 },
		wrong: { state: !0 }
	};
	cards = /* @__PURE__ */ new Map();
	charger = "";
	path;
	minutes;
	connectedCallback() {
		super.connectedCallback(), this.minutes = setInterval(() => this.requestUpdate(), 6e4);
	}
	disconnectedCallback() {
		super.disconnectedCallback(), clearInterval(this.minutes);
	}
	set route(e) {
		e?.path !== this.path && (this.path = e?.path, this.find());
	}
	set panel(e) {}
	async find() {
		let e = this.path;
		if (e === void 0 || !this.hass) return;
		let [t, ...n] = e.split("/").filter(Boolean).map(sn), r = n.join("/"), i = await Ue(() => this.hass.callWS({ type: "sunfuse/sites" }));
		if (e !== this.path) return;
		let a = r ? i.filter(({ chargers: e }) => e.some((e) => e === r || e.startsWith(`${r}/`))) : i, o = a.find(({ entry_id: e }) => e === t) ?? a[0];
		this.wrong = !o && i.length > 0, this.charger = o ? r : "", this.cards.clear(), this.setConfig({
			type: "driver",
			site: (o ?? i.find(({ entry_id: e }) => e === t) ?? i[0])?.entry_id
		});
	}
	set hass(e) {
		let t = !super.hass;
		super.hass = e, t && this.find();
		for (let t of this.cards.values()) t.hass = e;
	}
	get hass() {
		return super.hass;
	}
	content(e, t) {
		let n = bt(e);
		return x`<div class="head">
        ${this.narrow ? this.menu() : w}
        <h2>${e.title}</h2>
      </div>
      ${this.wrong ? x`<p class="error">${t("wrong_code")}</p>` : w}
      ${this.shown(n).map((t) => this.card(e, t))} ${this.free(n, t)}`;
	}
	menu() {
		return x`<button aria-label=${this.hass.localize("ui.sidebar.sidebar_toggle")} @click=${() => this.dispatchEvent(new Event("hass-toggle-menu", {
			bubbles: !0,
			composed: !0
		}))}>☰</button>`;
	}
	shown(e) {
		let t = e.find(({ id: e, identity: t }) => [e, t].includes(this.charger)), n = e.filter((e) => e.mine && e !== t);
		return (t ? [t, ...n] : n.length || e.length > 1 ? n : e).map(({ id: e }) => e);
	}
	card(e, t) {
		let n = this.cards.get(t);
		return n || (n = document.createElement("sunfuse-charger-card"), n.setConfig({
			type: "",
			site: e.entry_id,
			charger: t
		}), n.hass = this.hass, this.cards.set(t, n)), n;
	}
	free(e, t) {
		if (e.length < 2) return w;
		let n = ({ connected: e, status: t }) => e && t === "available", r = e.filter(n), i = [...r, ...e.filter((e) => !n(e)).sort((e, t) => cn(e) - cn(t))];
		return x`<h3>${t("free_chargers")}</h3>
      ${r.length ? w : x`<p>${t("none_free")}</p>`}
      <ul class="chargers">
        ${i.map((e) => x`<li><span>${e.name}</span>${this.until(e, n(e), t)}</li>`)}
      </ul>`;
	}
	until(e, t, n) {
		if (t) return x`<span class="chip good">${n("free")}</span>`;
		let r = cn(e);
		return !e.connected || e.status === "faulted" || e.status === "unavailable" ? x`<span class="chip bad">${n("out_of_order")}</span>` : Number.isFinite(r) ? x`<span class="quiet">${n("free_at", { time: R(this.hass, new Date(r).toISOString()) })} (${lt(this.hass, r)})</span>` : x`<span class="quiet">${n("occupied")}</span>`;
	}
};
function sn(e) {
	try {
		return decodeURIComponent(e);
	} catch {
		return e;
	}
}
function cn({ demand: e, plan: t }) {
	let n = Date.parse(e?.departure ?? t?.ready ?? "");
	return n > Date.now() ? n : Infinity;
}
H(an, on);
// node_modules/lit-html/directives/repeat.js
var ln = (e, t, n) => {
	let r = /* @__PURE__ */ new Map();
	for (let i = t; i <= n; i++) r.set(e[i], i);
	return r;
}, un = wt(class extends Tt {
	constructor(e) {
		if (super(e), e.type !== U.CHILD) throw Error("repeat() can only be used in text expressions");
	}
	dt(e, t, n) {
		let r;
		n === void 0 ? n = t : t !== void 0 && (r = t);
		let i = [], a = [], o = 0;
		for (let t of e) i[o] = r ? r(t, o) : o, a[o] = n(t, o), o++;
		return {
			values: a,
			keys: i
		};
	}
	render(e, t, n) {
		return this.dt(e, t, n).values;
	}
	update(e, [t, n, r]) {
		let i = Nt(e), { values: a, keys: o } = this.dt(t, n, r);
		if (!Array.isArray(i)) return this.ut = o, a;
		let s = this.ut ??= [], c = [], l, u, d = 0, f = i.length - 1, p = 0, m = a.length - 1;
		for (; d <= f && p <= m;) if (i[d] === null) d++;
		else if (i[f] === null) f--;
		else if (s[d] === o[p]) c[p] = W(i[d], a[p]), d++, p++;
		else if (s[f] === o[m]) c[m] = W(i[f], a[m]), f--, m--;
		else if (s[d] === o[m]) c[m] = W(i[d], a[m]), At(e, c[m + 1], i[d]), d++, m--;
		else if (s[f] === o[p]) c[p] = W(i[f], a[p]), At(e, i[d], i[f]), f--, p++;
		else if (l === void 0 && (l = ln(o, p, m), u = ln(s, d, f)), l.has(s[d])) {
			if (l.has(s[f])) {
				let t = u.get(o[p]), n = t === void 0 ? null : i[t];
				if (n === null) {
					let t = At(e, i[d]);
					W(t, a[p]), c[p] = t;
				} else c[p] = W(n, a[p]), At(e, i[d], n), i[t] = null;
				p++;
			} else Pt(i[f]), f--;
		} else Pt(i[d]), d++;
		for (; p <= m;) {
			let t = At(e, c[m + 1]);
			W(t, a[p]), c[p++] = t;
		}
		for (; d <= f;) {
			let e = i[d++];
			e !== null && Pt(e);
		}
		return this.ut = o, Mt(e, c), C;
	}
}), X = 9e5, dn = class {
	times;
	start;
	end;
	constructor(e, t, n) {
		let r = (e.starts ?? []).map((e) => Date.parse(e));
		this.times = [...r, e.end ? Date.parse(e.end) : (r[r.length - 1] ?? 0) + X], this.start = t, this.end = n;
	}
	get steps() {
		return this.times.length - 1;
	}
	get from() {
		return this.times[0] ?? 0;
	}
	get to() {
		return this.times[this.steps] ?? this.from + 1;
	}
	x(e) {
		return this.start + (e - this.from) / (this.to - this.from) * (this.end - this.start);
	}
	at(e) {
		return this.from + (e - this.start) / (this.end - this.start) * (this.to - this.from);
	}
	edge(e) {
		return this.x(this.times[e] ?? this.to);
	}
	step(e) {
		let t = this.times.findIndex((t, n) => t <= e && e < (this.times[n + 1] ?? 0));
		return t < 0 ? void 0 : t;
	}
	leaving(e) {
		let t = Math.round(e / X) * X;
		return Math.min(this.to, Math.max(this.from + X, t));
	}
}, fn = {
	ArrowRight: 1,
	ArrowUp: 1,
	ArrowLeft: -1,
	ArrowDown: -1,
	PageUp: 4,
	PageDown: -4
}, pn = class {
	now;
	dragging = !1;
	asked = 0;
	release;
	host;
	ask;
	dragged;
	constructor(e, t, n) {
		this.host = e, this.ask = t, this.dragged = n, e.addController(this);
	}
	hostDisconnected() {
		this.release?.(), this.now = void 0;
	}
	drop() {
		this.asked += 1, this.now = void 0, this.host.requestUpdate();
	}
	fail(e) {
		this.now &&= {
			...this.now,
			problem: e
		}, this.host.requestUpdate();
	}
	drag(e, t, n, r) {
		if (this.dragging || e.button > 0) return;
		e.preventDefault(), e.currentTarget.closest("[role=slider]")?.focus({ preventScroll: !0 });
		let i = this.now, a = (t) => t.pointerId === e.pointerId, o = (e) => {
			a(e) && this.place(t.id, n.leaving(n.at(e.clientX - r)));
		}, s = (e) => {
			a(e) && (this.release?.(), this.now && this.now !== i && this.tryOut());
		}, c = (e) => {
			a(e) && (this.now = i, this.release?.());
		};
		window.addEventListener("pointermove", o), window.addEventListener("pointerup", s), window.addEventListener("pointercancel", c), this.dragging = !0, this.release = () => {
			window.removeEventListener("pointermove", o), window.removeEventListener("pointerup", s), window.removeEventListener("pointercancel", c), this.release = void 0, this.dragging = !1, this.dragged(), this.host.requestUpdate();
		};
	}
	key(e, t, n, r) {
		let i = fn[e.key];
		(i || e.key === "Escape") && (e.preventDefault(), e.stopPropagation(), i ? this.type(t.id, r.leaving(n + i * X)) : this.drop());
	}
	type(e, t) {
		this.place(e, t), this.tryOut();
	}
	place(e, t) {
		let n = this.now?.car === e ? this.now.plan : void 0;
		this.now = {
			car: e,
			at: t,
			...n ? { plan: n } : {}
		}, this.host.requestUpdate();
	}
	async tryOut() {
		let e = this.now;
		if (!e) return;
		let t = ++this.asked, n;
		try {
			n = { plan: await this.ask(e.car, e.at) };
		} catch (e) {
			let { message: t, settable: r } = e;
			n = {
				problem: t ?? String(e),
				...r ? { settable: r } : {}
			};
		}
		t === this.asked && this.now && (this.now = {
			car: this.now.car,
			at: this.now.at,
			...n
		}, this.host.requestUpdate());
	}
}, mn = 26, Z = 216, Q = 26, hn = 7, gn = 44, _n = 36e5, vn = [
	"#4269d0",
	"#d1495b",
	"#3ca951",
	"#a463f2",
	"#0d9488",
	"#97785a",
	"#ef8e2d",
	"#5f8dd3"
], yn = [
	"",
	"var(--primary-text-color, #000)",
	"var(--card-background-color, #fff)"
], bn = o`
  .chart {
    direction: ltr;
    position: relative;
    touch-action: pan-y;
  }
  svg {
    display: block;
    inline-size: 100%;
    block-size: ${240}px;
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
  .departure path {
    fill: none;
    stroke: var(--card-background-color, #fff);
    stroke-width: 1.5;
  }
  .departure:focus-visible {
    outline: 3px solid var(--primary-color);
  }
`;
function xn(e, t) {
	let n = Math.max(0, (e.cars ?? []).findIndex(({ id: e }) => e === t)), r = `var(--graph-color-${n % vn.length + 1}, ${vn[n % vn.length]})`, i = yn[Math.floor(n / vn.length) % yn.length];
	return i ? `color-mix(in srgb, ${r} 60%, ${i})` : r;
}
function Sn(e, t) {
	let { shown: n, plan: r, scale: i, say: a, hass: o } = e, s = n.cars ?? [], c = i.end + 48, l = Array.from({ length: i.steps }, (e, t) => s.reduce((e, n) => e + (n.power_w[t] ?? 0), 0)), u = Math.max(2e3, ...l, ...n.sun_w ?? [], ...n.house_w ?? []), d = n.limit_w && n.limit_w < u * 2 ? n.limit_w : null, f = Math.ceil(Math.max(u, d ?? 0) / 2e3) * 2e3, p = (e) => Z - e / f * 190, m = n.price ?? [], h = Math.max(.01, ...m), ee = Math.min(0, ...m), te = (e) => Z - (e - ee) / (h - ee) * 190;
	return x`<div
    class="chart"
    role="group"
    tabindex="0"
    aria-label=${a("plan_chart")}
    @pointermove=${t.point}
    @pointerdown=${t.point}
    @keydown=${t.move}
  >
    <svg viewBox="0 0 ${c} ${240}">
      ${[
		0,
		.5,
		1
	].map((e) => S`<line class="grid" x1=${44} x2=${i.end} y1=${p(f * e)} y2=${p(f * e)} />
          <text x=${38} y=${p(f * e) + 4} text-anchor="end">${j(o, f * e / 1e3, 0)}</text>`)}
      <text x=${38} y="12" text-anchor="end">kW</text>
      ${En(e, c)}
      ${n.sun_w ? S`<path class="sun" d=${Cn(n.sun_w, i, p)} />` : w}
      ${Tn(e, s, p)}
      ${n.house_w ? S`<path class="house" d=${wn(n.house_w, i, p)} />` : w}
      ${d ? S`<line class="limit" x1=${44} x2=${i.end} y1=${p(d)} y2=${p(d)} />` : w}
      ${m.length ? S`<path class="price" d=${wn(m, i, te)} />
          <text x=${i.end + 6} y=${te(h) + 4}>${j(o, h, 2)}</text>
          <text x=${i.end + 6} y="12">${r.currency}</text>` : w}
      ${e.step !== void 0 && e.step < i.steps ? S`<rect class="chosen" x=${i.edge(e.step)} y=${mn} height=${190}
            width=${i.edge(e.step + 1) - i.edge(e.step)} />` : w}
      ${un(Dn(e.marks, i), ({ car: e }) => e.id, (n) => On(e, n, t))}
    </svg>
    <div class="row key" aria-hidden="true">
      ${s.filter((e) => e.power_w.some(Boolean)).map((e) => x`<span><i style="background:${xn(r, e.id)}"></i>${e.name}</span>`)}
      ${n.sun_w?.some(Boolean) ? x`<span><i style="background:var(--sun);opacity:.4"></i>${a("sun")}</span>` : w}
      ${n.house_w ? x`<span><i style="background:var(--house)"></i>${a("house")}</span>` : w}
      ${m.length ? x`<span><i class="line" style="border-block-start-style:dotted"></i>${a("price")}</span>` : w}
      ${d ? x`<span><i class="line" style="border-color:var(--error-color, #db4437)"></i>${a("limit")}</span>` : w}
    </div>
  </div>`;
}
function Cn(e, t, n) {
	let r = e.map((e, r) => `L${t.edge(r)} ${n(e)}L${t.edge(r + 1)} ${n(e)}`);
	return `M${t.edge(0)} ${Z}${r.join("")}L${t.edge(e.length)} ${Z}Z`;
}
function wn(e, t, n) {
	return e.map((e, r) => `${r ? "L" : "M"}${t.edge(r)} ${n(e)}L${t.edge(r + 1)} ${n(e)}`).join("");
}
function Tn({ plan: e, scale: t }, n, r) {
	let i = Array(t.steps).fill(0);
	return n.map((n) => {
		let a = "";
		return n.power_w.forEach((e, n) => {
			if (!e) return;
			let o = i[n] ?? 0;
			i[n] = o + e;
			let s = t.edge(n) + .5, c = Math.max(1, t.edge(n + 1) - s - .5);
			a += `M${s} ${r(o)}V${r(o + e)}h${c}V${r(o)}Z`;
		}), S`<path d=${a} style="fill:${xn(e, n.id)}" />`;
	});
}
function En({ hass: e, scale: t }, n) {
	let r = (t.to - t.from) / _n, i = [
		1,
		2,
		3,
		6,
		12
	].find((e) => r / e * 56 < n) ?? 24, a = ct(e), o = A(e.locale.language, {
		timeZone: L(e),
		weekday: "short"
	}), s = [], c = Math.ceil(t.from / X) * X;
	for (; !z(e, c).endsWith(":00");) c += X;
	for (let n = c; n <= t.to; n += _n) {
		let r = Number(z(e, n).slice(11, 13));
		if (r % i) continue;
		let c = t.x(n);
		s.push(S`<line class="grid" x1=${c} x2=${c} y1=${mn} y2=${Z} />
      <text x=${c} y=${234} text-anchor="middle">${r ? a.format(n) : o.format(n)}</text>`);
	}
	return s;
}
function Dn(e, t) {
	let n = [], r = /* @__PURE__ */ new Map();
	for (let i of [...e].sort((e, t) => e.at - t.at)) {
		let e = t.x(i.at), a = n.findIndex((t) => t <= e), o = a >= 0 ? a : n.length < hn ? n.length : 0;
		n[o] = e + Q, r.set(i, o);
	}
	return e.map((n) => {
		let i = (e) => e !== n && Math.abs(t.x(e.at) - t.x(n.at)) < gn;
		return {
			...n,
			lane: r.get(n) ?? 0,
			crowded: e.some(i)
		};
	});
}
function On(e, { car: t, at: n, lane: r, crowded: i }, a) {
	let { plan: o, scale: s, say: c, hass: l } = e;
	if (n > s.to) return w;
	let u = s.x(n), d = xn(o, t.id), f = Q / 2 + r * Q, [p, m] = i ? [Q, Q] : [gn, Z], h = S`<line x1=${u} x2=${u} y1=${f} y2=${Z} style="stroke:${d};stroke-width:2" />
    <circle cx=${u} cy=${f} r="10" style="fill:${d}" />`;
	return t.may_drive ? S`<g
    class="departure"
    role="slider"
    tabindex="0"
    aria-label=${c("departure_of", { car: t.name })}
    aria-valuemin=${s.from}
    aria-valuemax=${s.to}
    aria-valuenow=${n}
    aria-valuetext=${R(l, new Date(n).toISOString())}
    @pointerdown=${(e) => a.drag(e, t)}
    @keydown=${(e) => a.key(e, t, n)}
  ><rect x=${u - p / 2} y=${r * Q} width=${p} height=${m} fill="transparent" />${h}<path
      d="M${u - 3} ${f - 3}l-3 3l3 3M${u + 3} ${f - 3}l3 3l-3 3" /></g>` : S`<g>${h}</g>`;
}
// src/plan-card.ts
var kn = 8;
H("sunfuse-plan-card", class extends V {
	static properties = {
		...V.properties,
		plan: { state: !0 },
		step: { state: !0 },
		width: { state: !0 },
		rows: { state: !0 }
	};
	static styles = [
		B,
		bn,
		o`
      .wait {
        min-block-size: 400px;
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
    `
	];
	trial;
	waiting;
	plans = new nn(this, (e) => {
		this.trial.dragging ? this.waiting = e : this.plan = e;
	});
	sizes;
	constructor() {
		super(), this.width = 600, this.rows = kn, this.trial = new pn(this, (e, t) => this.planIf(e, t), () => {
			this.waiting && (this.plan = this.waiting), this.waiting = void 0;
		});
	}
	async planIf(e, t) {
		let n = new Date(t).toISOString();
		try {
			return await this.hass.callWS({
				type: "sunfuse/plan/preview",
				entry_id: this.site?.entry_id,
				charger: e,
				departure: n
			});
		} catch (e) {
			let { code: t, translation_key: n } = e, r = t === "invalid_format" && this.say?.("departure_range"), i = r || await O(this.hass, e);
			throw Object.assign(Error(i), { settable: !r && n === "departure_beyond_plan" });
		}
	}
	static getConfigForm() {
		return $e("chargers");
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
		super.disconnectedCallback(), this.sizes?.disconnect();
	}
	willUpdate() {
		let e = this.site?.entry_id;
		e && this.plans.follow(this.hass, {
			type: "sunfuse/plan/subscribe",
			entry_id: e
		});
	}
	shows(e) {
		return Object.values(e.chargers).flatMap(({ demand: e }) => [e?.departure, e?.guessed]);
	}
	content(e, t) {
		let n = this.plan, r = this.trial.now?.plan ?? n;
		return x`
      <div class="head">
        <h2>${this.config?.title ?? t("plan")}</h2>
        ${n?.made_at ? x`<span class="quiet">${t("made_at", { time: R(this.hass, n.made_at) })}</span>` : w}
      </div>
      ${n?.failing ? x`<p class="error">${t("plan_failing")}</p>` : w}
      ${n && r?.starts?.length ? x`${this.chart(n, r, t)} ${this.numbers(r, n, t)} ${this.proposal(n, t)}
          ${this.cars(n, t)}` : x`<p class="quiet ${n ? "" : "wait"}">${t(n ? "no_plan" : "loading")}</p>`}
    `;
	}
	chart(e, t, n) {
		let r = new dn(t, 44, this.width - 48), { hass: i, step: a } = this;
		return Sn({
			hass: i,
			say: n,
			plan: e,
			shown: t,
			scale: r,
			step: a,
			marks: this.marks(e)
		}, {
			point: (e) => {
				let t = e.currentTarget.getBoundingClientRect().left;
				this.step = r.step(r.at(e.clientX - t));
			},
			move: (e) => {
				let t = {
					ArrowRight: 1,
					ArrowLeft: -1
				}[e.key];
				t && e.target === e.currentTarget && (this.step = Math.min(r.steps - 1, Math.max(0, (this.step ?? -1) + t)), e.preventDefault());
			},
			drag: (e, t) => {
				let n = e.currentTarget.ownerSVGElement;
				this.trial.drag(e, t, r, n.getBoundingClientRect().left);
			},
			key: (e, t, n) => this.trial.key(e, t, n, r)
		});
	}
	marks(e) {
		let t = this.trial.now;
		return this.chosen(e).flatMap((e) => {
			let n = this.leaves(e);
			return t?.car === e.id ? [{
				car: e,
				at: t.at
			}] : n ? [{
				car: e,
				at: Date.parse(n)
			}] : [];
		});
	}
	chosen(e) {
		let t = this.config?.chargers;
		return (e.cars ?? []).filter(({ id: e }) => !t?.length || t.includes(e));
	}
	leaves(e) {
		let t = this.site?.chargers[e.id]?.demand;
		return e.departure ?? (t && !t.guessed && this.plan?.speed === 1 ? t.departure : null);
	}
	shownAt(e, t) {
		let n = (this.trial.now?.car === e.id ? this.trial.now.at : void 0) ?? (t ? Date.parse(t) : void 0);
		return n === void 0 ? "" : z(this.hass, n);
	}
	async keep(e, t) {
		let n = this.plan?.speed ?? 1, r = this.plan?.made_at ? Date.parse(this.plan.made_at) : Date.now(), i = n === 1 ? t : Date.now() + (t - r) / n, a = new Date(i).toISOString(), o = this.say?.("departure_set") ?? "";
		await this.act("sunfuse", "set_departure", {
			device_id: e.device_id,
			departure: a
		}, o) ? this.trial.drop() : this.trial.fail(this.announced);
	}
	proposal(e, t) {
		let n = this.trial.now, r = e.cars?.find(({ id: e }) => e === n?.car);
		if (!n || !r) return w;
		let i = n.plan?.cars?.find(({ id: e }) => e === n.car), a = R(this.hass, new Date(n.at).toISOString());
		return x`<div class="trial" role="group" aria-label=${t("preview")}>
      <strong>${t("if_leaving", {
			car: r.name,
			time: a
		})}</strong>
      ${n.problem ? x`<p class="error">${n.problem}</p>` : w}
      ${i ? this.outcome(r, i, e, t) : w}
      ${i || n.problem ? w : x`<p class="quiet">${t("loading")}</p>`}
      <div class="row">
        <button class="main" ?disabled=${!i && !n.settable} @click=${() => this.keep(r, n.at)}>${t("keep")}</button>
        <button @click=${() => this.trial.drop()}>${t("cancel")}</button>
      </div>
    </div>`;
	}
	outcome(e, t, n, r) {
		let i = this.hass, a = I(i, t.cost, n.currency), o = I(i, e.cost, n.currency);
		return x`<p>
        ${!n.priced || t.cost === null || e.cost === null ? w : a === o ? r("preview_costs_same", { cost: a }) : r("preview_costs", {
			cost: a,
			before: o
		})}
        ${n.priced && t.saving && t.saving > 0 ? r("preview_saves", { saving: I(i, t.saving, n.currency) }) : w}
        ${t.ready && !t.missing_wh ? r("expected", { time: R(i, t.ready) }) : w}
      </p>
      ${t.missing_wh ? x`<p class="error">${r("misses", { energy: N(i, t.missing_wh) })}</p>` : w}`;
	}
	numbers(e, t, n) {
		let r = this.step, i = r === void 0 ? void 0 : e.starts?.[r];
		if (r === void 0 || !i) return x`<p class="slot quiet">${n("touch_slot")}</p>`;
		let a = this.hass, o = [
			e.sun_w ? `${n("sun")} ${M(a, e.sun_w[r])}` : "",
			e.house_w ? `${n("house")} ${M(a, e.house_w[r])}` : "",
			...(e.cars ?? []).filter((e) => e.power_w[r]).map((e) => `${e.name} ${M(a, e.power_w[r])}`),
			e.price ? `${n("price")} ${j(a, e.price[r] ?? 0, 3)} ${t.currency}/kWh` : ""
		];
		return x`<p class="slot" aria-live="polite">
      <strong>${R(a, i)}</strong> ${o.filter(Boolean).join(" · ")}
    </p>`;
	}
	cars(e, t) {
		let n = this.chosen(e).filter((e) => e.energy_wh !== 0 || e.departure || e.may_drive);
		if (!n.length) return w;
		let r = (e) => Number(e.energy_wh === 0 && !this.leaves(e) && this.trial.now?.car !== e.id);
		n.sort((e, t) => r(e) - r(t));
		let i = n.some((e) => e.ready || e.missing_wh), a = !e.sun_w || e.sun_w.some(Boolean) || n.some((e) => e.sun_share);
		return x`<div class="scroll" tabindex="0" role="region" aria-label=${t("plan")}>
      <table class="stack">
        <thead>
          <tr>
            <th>${t("charger")}</th>
            <th>${t("departure")}</th>
            ${i ? x`<th>${t("ready")}</th>` : w}
            <th class="number">${t("energy")}</th>
            ${e.priced ? x`<th class="number">${t("cost")}</th>
                  <th class="number">${t("saving")}</th>` : w}
            ${a ? x`<th class="number">${t("sun_share")}</th>` : w}
          </tr>
        </thead>
        <tbody>
          ${un(n.slice(0, this.rows), ({ id: e }) => e, (n) => this.car(n, {
			promised: i,
			sunny: !!a
		}, e, t))}
        </tbody>
      </table>
    </div>
    ${e.priced && n.some((e) => e.energy_wh) ? x`<p class="quiet">${t("saving_means")}</p>` : w}
    ${n.length > this.rows ? x`<button @click=${() => this.rows = n.length}>${t("show_more")}</button>` : w}`;
	}
	car(e, t, n, r) {
		let i = this.hass, a = this.leaves(e), o = (e) => e ? "" : "none";
		return x`<tr>
      <td><strong>${e.name}</strong></td>
      <td class="wide ${o(e.may_drive || a)}" data-name=${r("departure")}>
        ${e.may_drive ? x`<input
              type="datetime-local"
              aria-label=${r("departure_of", { car: e.name })}
              min=${z(i, Date.now())}
              .value=${Ft(this.shownAt(e, a))}
              @change=${(t) => {
			let n = dt(i, t.target.value);
			Number.isNaN(n) || this.trial.type(e.id, n);
		}}
            />` : a ? R(i, a) : "–"}
      </td>
      ${t.promised ? x`<td class=${o(e.missing_wh || e.ready)} data-name=${r("ready")}>
            ${e.missing_wh ? r("misses", { energy: N(i, e.missing_wh) }) : e.ready ? R(i, e.ready) : "–"}
          </td>` : w}
      <td class="number" data-name=${r("energy")}>${N(i, e.energy_wh)}</td>
      ${n.priced ? x`<td class="number ${o(e.energy_wh)}" data-name=${r("cost")}>${e.energy_wh ? I(i, e.cost, n.currency) : "–"}</td>
            <td class="number ${o(e.energy_wh)}" data-name=${r("saving")}>${e.energy_wh ? I(i, e.saving, n.currency) : "–"}</td>` : w}
      ${t.sunny ? x`<td class="number ${o(e.energy_wh)}" data-name=${r("sun_share")}>${e.energy_wh ? F(i, e.sun_share * 100) : "–"}</td>` : w}
    </tr>`;
	}
});
// src/report-panel.ts
var An = [
	7,
	14,
	30,
	90
], jn = 3600;
H("sunfuse-report", class extends D {
	static properties = {
		path: { state: !0 },
		problem: { state: !0 },
		say: { state: !0 }
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
		this.home = e, t?.language !== e.language && qe(e, "report").then((e) => {
			this.say = e;
		}), (t?.locale !== e.locale || t.themes?.darkMode !== e.themes?.darkMode) && this.sign();
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
			decimal_sign: ot(this.home).decimal_sign,
			theme: this.home.themes?.darkMode ? "dark" : "light"
		}), t = `/api/sunfuse/report/${encodeURIComponent(this.site)}?${e}`;
		try {
			let e = await this.home.callWS({
				type: "auth/sign_path",
				path: t,
				expires: jn
			});
			this.path = e.path, this.problem = void 0;
		} catch (e) {
			this.problem = await O(this.home, e);
		}
	}
	render() {
		let e = this.say;
		return e ? x`
      <nav>
        <button class="back" title=${e("back")} aria-label=${e("back")} @click=${() => history.back()}>←</button>
        <h1>${e("title")}</h1>
        <select
          aria-label=${e("days")}
          @change=${(e) => {
			this.days = Number(e.target.value), this.sign();
		}}
        >
          ${An.map((t) => x`<option value=${t} ?selected=${t === this.days}>${e("last_days", { days: t })}</option>`)}
        </select>
        ${this.path ? x`<a href=${this.path} target="_blank" rel="noopener">${e("open")}</a>` : w}
      </nav>
      ${this.problem ? x`<p role="alert">${this.problem}</p>` : w}
      ${this.path ? x`<iframe src=${this.path} title=${e("title")}></iframe>` : w}
    ` : w;
	}
});
// src/sessions-model.ts
var Mn = {
	person: "by_person",
	vehicle: "by_vehicle",
	charger: "by_charger"
};
function Nn(e) {
	let t = (e, t) => t === null ? e : (e ?? 0) + t;
	return e.reduce((e, n) => ({
		energy_wh: e.energy_wh + n.energy_wh,
		sun_wh: e.sun_wh + n.sun_wh,
		cost: t(e.cost, n.cost),
		saving: t(e.saving, n.saving),
		billed: t(e.billed, n.billed)
	}), {
		energy_wh: 0,
		sun_wh: 0,
		cost: null,
		saving: null,
		billed: null
	});
}
function Pn() {
	let e = /* @__PURE__ */ new Date();
	return e.setUTCMonth(e.getUTCMonth() - 12 + 1, 1), e.setUTCHours(0, 0, 0, 0), e.toISOString();
}
function Fn({ start: e, stop: t }) {
	return Date.parse(e ?? t ?? "") || 0;
}
function In(e) {
	let t = A("en-CA", {
		timeZone: e.config.time_zone,
		year: "numeric",
		month: "2-digit"
	});
	return (e) => t.format(new Date(e.stop ?? e.start ?? Date.now())).slice(0, 7);
}
function Ln(e, t) {
	let n = /* @__PURE__ */ new Map();
	for (let r of e) {
		let e = t(r), i = n.get(e);
		i ? i.push(r) : n.set(e, [r]);
	}
	return n;
}
function Rn(e) {
	return {
		sun: e.some(({ sun_wh: e }) => e > 0),
		cost: e.some(({ cost: e }) => e !== null),
		saving: e.some(({ saving: e }) => e !== null),
		billed: e.some(({ billed: e }) => e !== null)
	};
}
// src/sessions-chart.ts
var zn = o`
  .months {
    display: grid;
    grid-template-columns: repeat(${12}, 1fr);
    gap: 4px;
    block-size: 150px;
    align-items: end;
  }
  .months button {
    display: flex;
    flex-direction: column;
    justify-content: flex-end;
    block-size: 100%;
    min-inline-size: 0;
    padding: 0;
    border-radius: 4px;
    border-color: transparent;
    background: none;
    overflow: hidden;
    font-size: 11px;
  }
  .months button[aria-pressed="true"] {
    border-color: var(--primary-color);
  }
  .months .narrow {
    display: none;
  }
  @container (max-width: 420px) {
    .months .short {
      display: none;
    }
    .months .narrow {
      display: inline;
    }
  }
  .months i {
    display: block;
    inline-size: 100%;
  }
  .months .other {
    background: var(--grid);
  }
  .months .sun {
    background: var(--sun);
  }
`;
function Bn(e) {
	let t = A("en-CA", {
		timeZone: e.config.time_zone,
		year: "numeric",
		month: "2-digit",
		day: "2-digit"
	}).format(Date.now());
	return Array.from({ length: 12 }, (e, n) => {
		let r = /* @__PURE__ */ new Date(`${t.slice(0, 7)}-15T12:00:00Z`);
		return r.setUTCMonth(r.getUTCMonth() - (11 - n)), r;
	});
}
function Vn(e, t, n, r, i) {
	let a = Ln(n, In(e)), o = Bn(e).map((e) => {
		let t = e.toISOString().slice(0, 7);
		return {
			at: e,
			month: t,
			...Nn(a.get(t) ?? [])
		};
	}), s = Math.max(1, ...o.map((e) => e.energy_wh)), c = A(e.locale.language, {
		month: "short",
		timeZone: "UTC"
	}), l = A(e.locale.language, {
		month: "narrow",
		timeZone: "UTC"
	}), u = A(e.locale.language, {
		month: "long",
		year: "numeric",
		timeZone: "UTC"
	}), d = (e) => `${e / s * 75}%`;
	return x`<div class="months" role="group" aria-label=${t("by_month")}>
      ${o.map((t) => x`<button
          aria-pressed=${r === t.month}
          aria-label="${u.format(t.at)}: ${N(e, t.energy_wh)}"
          @click=${() => i(r === t.month ? void 0 : t.month)}
        >
          <i class="other" style="block-size:${d(t.energy_wh - t.sun_wh)}"></i>
          <i class="sun" style="block-size:${d(t.sun_wh)}"></i>
          <span class="short">${c.format(t.at)}</span>
          <span class="narrow">${l.format(t.at)}</span>
        </button>`)}
    </div>
    ${o.some((e) => e.sun_wh) ? x`<p class="row key quiet" aria-hidden="true">
          <span><i style="background:var(--sun)"></i>${t("sun")}</span>
          <span><i style="background:var(--grid)"></i>${t("grid_and_battery")}</span>
        </p>` : w}`;
}
// src/sessions-card.ts
var Hn = 10;
H("sunfuse-sessions-card", class extends V {
	static properties = {
		...V.properties,
		answer: { state: !0 },
		group: { state: !0 },
		month: { state: !0 },
		only: { state: !0 },
		shown: { state: !0 }
	};
	static styles = [
		B,
		zn,
		o`
      .wait {
        min-block-size: 360px;
      }
    `
	];
	sessions = new nn(this, (e) => {
		this.answer = e && {
			...e,
			sessions: [...e.sessions].sort((e, t) => Fn(t) - Fn(e))
		};
	});
	constructor() {
		super(), this.group = "person", this.shown = Hn;
	}
	static getConfigForm() {
		return $e("chargers");
	}
	getGridOptions() {
		return { columns: "full" };
	}
	willUpdate() {
		let e = this.site?.entry_id;
		e && this.sessions.follow(this.hass, {
			type: "sunfuse/sessions/subscribe",
			entry_id: e,
			start: Pn()
		});
	}
	shows(e) {
		return [e.title];
	}
	content(e, t) {
		let n = this.answer && {
			...this.answer,
			sessions: this.ofChargers(this.answer.sessions)
		};
		return x`
      <div class="head">
        <h2>${this.config?.title ?? t("sessions")}</h2>
        ${n?.sessions.length ? x`<button @click=${() => this.export(this.chosen(n), e, t)}>${t("export")}</button>` : w}
      </div>
      ${n && !n.all ? x`<p class="quiet">${t("own_sessions")}</p>` : w}
      ${n ? n.sessions.length ? x`${this.months(n, t)} ${this.groups(n, t)} ${this.table(n, t)}` : x`<p class="quiet">${t("no_sessions")}</p>` : x`<p class="quiet wait">${t("loading")}</p>`}
    `;
	}
	ofChargers(e) {
		let t = this.config?.chargers?.map((e) => e.slice(0, e.lastIndexOf("/")));
		return t?.length ? e.filter(({ station: e }) => t.includes(e)) : e;
	}
	ofMonth(e) {
		if (!this.month) return e;
		let t = In(this.hass);
		return e.filter((e) => t(e) === this.month);
	}
	nameOf(e) {
		return e[this.group] ?? this.say?.("unknown") ?? "";
	}
	ofName(e) {
		return this.only === void 0 ? e : e.filter((e) => this.nameOf(e) === this.only);
	}
	chosen(e) {
		return this.ofName(this.ofMonth(e.sessions));
	}
	months(e, t) {
		return Vn(this.hass, t, this.ofName(e.sessions), this.month, (e) => {
			this.month = e, this.shown = Hn;
		});
	}
	groups(e, t) {
		let n = this.ofMonth(e.sessions), r = [...Ln(n, (e) => this.nameOf(e))].map(([e, t]) => ({
			name: e,
			count: t.length,
			...Nn(t)
		}));
		r.sort((e, t) => t.energy_wh - e.energy_wh);
		let i = Rn(e.sessions);
		return x`<div class="choice" role="group" aria-label=${t("sum_by")}>
        ${Object.keys(Mn).map((e) => x`<button
            aria-pressed=${e === this.group}
            @click=${() => {
			this.group = e, this.only = void 0;
		}}
          >
            ${t(Mn[e])}
          </button>`)}
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label=${t("sum_by")}>
        <table class="stack">
          <thead>
            <tr>
              <th>${t(Mn[this.group])}</th>
              <th class="number">${t("sessions")}</th>
              <th class="number">${t("energy")}</th>
              ${this.heads(i, t)}
            </tr>
          </thead>
          <tbody>
            ${r.map((n) => x`<tr>
                <td>
                  <button
                    class="plain"
                    aria-pressed=${n.name === this.only}
                    @click=${() => {
			this.only = n.name === this.only ? void 0 : n.name, this.shown = Hn;
		}}
                  >
                    ${n.name}
                  </button>
                </td>
                <td class="number" data-name=${t("sessions")}>${n.count}</td>
                ${this.sums(n, e.currency, i, t)}
              </tr>`)}
          </tbody>
        </table>
      </div>
      ${n.length ? w : x`<p class="quiet">${t("no_sessions")}</p>`}`;
	}
	heads(e, t) {
		let n = (e, n) => e ? x`<th class="number">${t(n)}</th>` : w;
		return [
			n(e.sun, "sun_share"),
			n(e.cost, "cost"),
			n(e.saving, "saving"),
			n(e.billed, "billed")
		];
	}
	sums(e, t, n, r) {
		let i = this.hass, a = e.energy_wh ? e.sun_wh / e.energy_wh * 100 : null, o = (e, t, n, i = "") => e ? x`<td class="number ${i}" data-name=${r(t)}>${n}</td>` : w;
		return x`${o(!0, "energy", N(i, e.energy_wh))}
      ${o(n.sun, "sun_share", F(i, a), "minor")}
      ${o(n.cost, "cost", I(i, e.cost, t))}
      ${o(n.saving, "saving", I(i, e.saving, t), e.saving === null ? "minor none" : "minor")}
      ${o(n.billed, "billed", I(i, e.billed, t))}`;
	}
	table(e, t) {
		let n = this.hass, r = this.chosen(e), i = Rn(e.sessions);
		return x`<h3>${this.only ?? t("sessions")}</h3>
      <div class="scroll" tabindex="0" role="region" aria-label=${t("sessions")}>
        <table class="stack brief">
          <thead>
            <tr>
              <th>${t("start")}</th>
              <th>${t("charger")}</th>
              <th>${t("by_person")}</th>
              <th>${t("by_vehicle")}</th>
              <th class="number">${t("energy")}</th>
              ${this.heads(i, t)}
            </tr>
          </thead>
          <tbody>
            ${r.slice(0, this.shown).map((r) => x`<tr>
                <td>
                  ${r.start ? R(n, r.start) : r.stop ? ut(n, r.stop) : "–"}
                  ${r.running ? x`<span class="chip good">${t("running")}</span>` : w}
                </td>
                <td data-name=${t("charger")}>${r.charger}</td>
                <td class=${r.person ? "" : "none"} data-name=${t("by_person")}>${r.person ?? "–"}</td>
                <td class="minor" data-name=${t("by_vehicle")}>${r.vehicle ?? "–"}</td>
                ${this.sums(r, r.currency ?? e.currency, i, t)}
              </tr>`)}
          </tbody>
        </table>
      </div>
      ${r.length > this.shown ? x`<button
            @click=${() => {
			this.shown += Hn;
		}}
          >
            ${t("show_more")}
          </button>` : w}`;
	}
	async export(e, t, n) {
		let r = await this.hass.callWS({
			type: "sunfuse/sessions/export",
			entry_id: t.entry_id,
			start: Pn(),
			numbers: e.map(({ number: e }) => e),
			language: this.hass.locale.language,
			decimal_sign: ot(this.hass).decimal_sign
		}).catch(async (e) => {
			let t = e.code === "not_found";
			this.announced = t ? n("site_not_loaded") : await O(this.hass, e), Ct(this, this.announced);
		});
		if (!r) return;
		let i = document.createElement("a");
		i.href = URL.createObjectURL(new Blob([r.content], { type: "text/csv;charset=utf-8" })), i.download = `${[
			t.title,
			this.only,
			this.month ?? (/* @__PURE__ */ new Date()).toISOString().slice(0, 10)
		].filter(Boolean).join(" ")}.csv`, i.click(), setTimeout(() => URL.revokeObjectURL(i.href), 6e4);
	}
});
// src/setup-panel.ts
var Un = "sunfuse-site";
H("sunfuse-dashboard", class extends D {
	static properties = {
		say: { state: !0 },
		problem: { state: !0 }
	};
	static styles = o`
    :host { display: block; padding: 24px; }
  `;
	begun = !1;
	set hass(e) {
		this.begun || (this.begun = !0, qe(e).then((e) => {
			this.say = e;
		}), this.make(e));
	}
	async make(e) {
		try {
			(await e.callWS({ type: "lovelace/dashboards/list" })).some(({ url_path: e }) => e === "sunfuse-site") || (await e.callWS({
				type: "lovelace/dashboards/create",
				url_path: Un,
				mode: "storage",
				title: "Sunfuse",
				icon: "mdi:ev-station",
				show_in_sidebar: !0,
				require_admin: !1
			}), await e.callWS({
				type: "lovelace/config/save",
				url_path: Un,
				config: { strategy: { type: "custom:sunfuse" } }
			})), xt(`/${Un}`, !0);
		} catch (t) {
			this.problem = await O(e, t);
		}
	}
	render() {
		return x`<p role="status">${this.problem ?? this.say?.("making_dashboard") ?? ""}</p>`;
	}
});
// src/site-card.ts
var Wn = 30, Gn = 236;
H("sunfuse-site-card", class extends V {
	static styles = [B, o`
      .flows {
        position: relative;
        inline-size: 100%;
        max-inline-size: 420px;
        margin-inline: auto;
      }
      .node {
        position: absolute;
        transform: translate(-50%, -50%);
        inline-size: min(84px, 28%);
        aspect-ratio: 1;
        box-sizing: border-box;
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
        --mdc-icon-size: clamp(14px, 5.5cqi, 20px);
        color: var(--colour);
      }
      /* A long word, such as "teruglevering", goes beyond the circle, but no line through it. */
      .node .detail {
        font-size: 11px;
        white-space: nowrap;
        background: var(--card-background-color, #fff);
      }
      .node strong {
        font-size: 14px;
        font-weight: 500;
        font-variant-numeric: tabular-nums;
      }
      .flow {
        position: absolute;
        direction: ltr;
        block-size: 3px;
        margin-block-start: -1.5px;
        transform-origin: 0 50%;
        overflow: hidden;
        background: linear-gradient(var(--quiet), var(--quiet)) 0 50% / 100% 2px no-repeat;
      }
      .flow.moves {
        background: none;
      }
      /* Moved by its transform alone: what a browser does beside the page, which a tablet on the wall does all day. */
      .flow.moves::before {
        content: "";
        display: block;
        block-size: 100%;
        inline-size: calc(100% + 12px);
        background: radial-gradient(circle at 1.5px 50%, var(--colour) 1.5px, transparent 2px) 0 0 / 6px 100%;
        animation: move 1.2s linear infinite;
      }
      .flow.out::before {
        animation-direction: reverse;
      }
      @keyframes move {
        from {
          transform: translateX(-12px);
        }
        to {
          transform: none;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .flow.moves::before {
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
      .phase.whole {
        grid-template-columns: 1fr 8.5em;
      }
      .small-text {
        font-size: 13px;
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
		return x`
      <div class="head">
        <h2>${this.config?.title ?? e.title}</h2>
        ${i?.state ? x`<span class="chip ${i.state === "ok" ? "good" : "bad"}"
              >${k(this.hass, "sensor", "state", i.state)}</span
            >` : w}
      </div>
      ${this.config?.new_chargers && e.admin ? x`<sunfuse-new-chargers .hass=${this.hass} .site=${e.entry_id} .say=${t}></sunfuse-new-chargers>` : w}
      ${e.available ? w : x`<p class="error">${t("site_failed")}</p>`}
      ${n ? this.flows(n, e, t) : x`<p class="quiet">${t("only_chargers")}</p>`}
      ${r?.map((n) => this.circuit(n, e, t))}
      ${r ? x`<p class="key row" aria-hidden="true">
            <span><i style="background:var(--house)"></i>${t("other_loads")}</span>
            <span><i style="background:var(--cars)"></i>${t("cars")}</span>
          </p>` : w}
      ${e.peaks?.map((e) => this.peak(e, t))} ${this.limits(e, t)}
    `;
	}
	flows(e, t, n) {
		let r = this.hass, i = e.grid_w ?? 0, a = e.battery_w ?? 0, o = [], s = e.solar_w === null ? 74 : 0;
		e.solar_w !== null && o.push({
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
			detail: Math.abs(i) < Wn ? "" : n(i > 0 ? "imports" : "exports")
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
			detail: e.battery_soc === null ? "" : F(r, e.battery_soc)
		}), o.push({
			name: "cars",
			icon: "mdi:car-electric",
			x: e.battery_w === null ? 150 : 204,
			y: 192,
			watts: e.cars_w,
			inward: -(e.cars_w ?? 0)
		});
		let c = ({ x: e, y: t }) => `left:${e / 300 * 100}%;top:${(t - s) / (Gn - s) * 100}%`;
		return x`
      <div class="flows" role="group" aria-label=${n("flows")} style="aspect-ratio:300/${Gn - s}">
        ${o.map((e) => {
			let [t, n] = [150 - e.x, 118 - e.y];
			return x`<div
            class="flow ${Math.abs(e.inward) >= Wn ? "moves" : ""} ${e.inward < 0 ? "out" : ""}"
            aria-hidden="true"
            style="--colour:var(--${e.name});${c(e)};inline-size:${Math.hypot(t, n) / 300 * 100}%;transform:rotate(${Math.atan2(n, t)}rad)"
          ></div>`;
		})}
        ${o.map((e) => x`<div
            class="node"
            style="--colour:var(--${e.name});${c(e)}"
          >
            <ha-icon icon=${e.icon} aria-hidden="true"></ha-icon>
            <span>${n(e.name)}</span>
            <strong>${M(r, e.watts)}</strong>
            ${e.detail ? x`<span class="detail">${e.detail}</span>` : w}
          </div>`)}
      </div>
      ${t.clock ? x`<p class="quiet">${n("clock", { time: R(r, t.clock) })}</p>` : w}
      ${t.surplus_w ? x`<p>${n("surplus", { power: M(r, t.surplus_w) })}</p>` : w}
    `;
	}
	circuit(e, t, n) {
		let r = this.hass, i = e.limit_entity;
		return x`
      <div class="row spread">
        <h3>${e.name}</h3>
        ${i && t.admin ? x`<button class="small" @click=${() => St(this, i)} aria-label=${n("change_limit_of", { circuit: e.name })}>
              ${n("change_limit")}
            </button>` : w}
      </div>
      ${e.limit_a.map((i, a) => {
			let o = Math.max(0, e.other_a[a] ?? 0), s = (e.other_a[a] ?? 0) + (e.cars_a[a] ?? 0), c = Math.max(0, s - o);
			if (i <= 0) return w;
			let l = Math.max(i, o + c), u = t.phases === 1 ? "" : `L${a + 1}`, d = n("of_limit", {
				current: P(r, Math.abs(s)),
				limit: P(r, i)
			}), f = s < -.05 ? `${d}, ${n("exports")}` : d;
			return x`<div class="phase">
          <span>${u}</span>
          <div
            class="bar"
            role="meter"
            aria-label="${e.name} ${u}"
            aria-valuemin="0"
            aria-valuemax=${i}
            aria-valuenow=${Math.max(0, Math.min(s, i))}
            aria-valuetext=${f}
          >
            <i class="other" style="inline-size:${o / l * 100}%"></i>
            <i class=${s > i ? "over" : "cars"} style="inline-size:${c / l * 100}%"></i>
          </div>
          <span>${f}</span>
        </div>`;
		})}
      ${e.why ? x`<p>${e.why}</p>` : w}
    `;
	}
	peak(e, t) {
		let n = this.hass, r = Math.max(e.target_w ?? 0, e.interval_w, e.month_w, 1);
		return x`
      <h3>${e.name}</h3>
      <p class="quiet small-text">${t("interval_peak")}</p>
      <div class="phase whole">
        <div
          class="bar"
          role="meter"
          aria-label=${t("interval_peak")}
          aria-valuemin="0"
          aria-valuemax=${r}
          aria-valuenow=${e.interval_w}
          aria-valuetext=${M(n, e.interval_w)}
        >
          <i class="cars" style="inline-size:${e.interval_w / r * 100}%"></i>
        </div>
        <span>${M(n, e.interval_w)}</span>
      </div>
      <p>
        ${t("peak", {
			until: R(n, e.interval_end),
			allowed: M(n, e.may_draw_w),
			month: M(n, e.month_w)
		})}
        ${e.cost === null ? w : t("named", {
			name: t("cost"),
			value: I(n, e.cost, this.site?.currency ?? "EUR")
		})}
      </p>
    `;
	}
	limits(e, t) {
		let n = this.hass;
		return e.limits?.length ? x`
      <h3>${t("limits_now")}</h3>
      ${e.limits.map((e) => {
			let r = e.power_w === null ? e.current_a === null ? "" : `${P(n, e.current_a)} A` : M(n, e.power_w);
			return x`<p>
          ${t("named", {
				name: e.name,
				value: r
			})}
          ${e.until ? x`<span class="quiet">${t("until", { time: R(n, e.until) })}</span>` : w}
        </p>`;
		})}
    ` : w;
	}
});
// src/strategy.ts
var Kn = 6, qn = 1e4;
function $(...e) {
	return {
		type: "grid",
		cards: e
	};
}
function Jn(e, t) {
	let n = { site: e.entry_id }, r = [], i = e.chargers.length === 1;
	if (e.whole && r.push($({
		type: "custom:sunfuse-site-card",
		...n,
		...i ? { new_chargers: !0 } : {}
	})), e.chargers.length > Kn) r.push({
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
		e.whole && !i && r.push({
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
		dense_section_placement: !0,
		sections: r
	};
}
function Yn(e, t) {
	let n = vt(e, t.entry_id).listen(() => void 0);
	setTimeout(n, qn);
}
async function Xn(e) {
	let [t, n] = await Promise.all([qe(e), Ue(() => e.callWS({ type: "sunfuse/sites" }))]);
	for (let t of n) Yn(e, t);
	if (n.length) return { views: n.map((e) => Jn(e, t)) };
	let r = e.user?.is_admin ? ` [${t("add_site")}](/config/integrations/dashboard/add?domain=sunfuse)` : "";
	return { views: [{
		title: "Sunfuse",
		cards: [{
			type: "markdown",
			content: `${t("no_site")}${r}`
		}]
	}] };
}
// src/index.ts
var Zn = [
	[
		"sunfuse-site-card",
		"name_site",
		"about_site"
	],
	[
		"sunfuse-charger-card",
		"name_charger",
		"about_charger"
	],
	[
		"sunfuse-chargers-card",
		"name_chargers",
		"about_chargers"
	],
	[
		"sunfuse-plan-card",
		"name_plan",
		"about_plan"
	],
	[
		"sunfuse-sessions-card",
		"name_sessions",
		"about_sessions"
	],
	[
		"sunfuse-capacity-card",
		"name_capacity",
		"about_capacity"
	]
];
window.customCards = window.customCards ?? [];
for (let [e, t, n] of Zn) window.customCards.push({
	type: e,
	preview: !0,
	get name() {
		return Ze(t) ?? e;
	},
	get description() {
		return Ze(n) ?? "";
	}
});
export { Xn as generate };
