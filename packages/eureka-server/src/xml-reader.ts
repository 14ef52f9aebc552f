import { unreadable } from "./unreadable.ts";

/**
 * The content of an element in Eureka's form of JSON: a text, or the attributes as `@name`, the elements by their
 * names, and, if there are attributes but no elements, the text as `$`.
 */
export type XmlValue = string | { readonly [name: string]: XmlValue };

/** The deepest nesting of elements. A registration has four levels. */
const deepest = 16;

/**
 * One end tag, start tag, section of text, comment, or text. Anything else is refused, including document types and
 * instructions.
 */
const token =
	/<\/([^\s<>/]+)\s*>|<([^\s<>/!?="'&]+)((?:\s+[^\s<>/="']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<!\[CDATA\[(.*?)\]\]>|<!--.*?-->|([^<]+)/sy;

const attribute = /([^\s<>/="']+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

interface OpenElement {
	readonly name: string;
	readonly attributes: readonly [string, string][];
	readonly elements: [string, XmlValue][];
	text: string;
}

/**
 * Reads a document of XML 1.0 as far as clients of Eureka write it: elements, attributes and text. It knows the five
 * entities of XML and no others, so nothing in a document is looked up or repeated. Of elements with the same name,
 * the last counts.
 *
 * @returns the name of the outermost element, and its content.
 * @throws ServiceError `invalid_argument` for anything else.
 */
export function readXml(text: string): { readonly name: string; readonly value: XmlValue } {
	const open: OpenElement[] = [];
	const outermost: [string, XmlValue][] = [];
	const close = (): void => {
		const element = open.pop();
		if (element === undefined) throw unreadable("an element ends that did not begin");
		(open.at(-1)?.elements ?? outermost).push([element.name, contentOf(element)]);
	};
	for (const match of tokensOf(withoutDeclaration(text))) {
		const [, ended, begun, attributes = "", empty, section, plain] = match;
		if (begun !== undefined) {
			if (open.length === deepest) throw unreadable(`its elements are nested more than ${deepest} deep`);
			open.push({ name: begun, attributes: attributesOf(attributes), elements: [], text: "" });
			if (empty === "/") close();
		} else if (ended !== undefined) {
			if (open.at(-1)?.name !== ended) throw unreadable(`the element ${open.at(-1)?.name} does not end`);
			close();
		} else addText(open.at(-1), section ?? (plain === undefined ? "" : resolved(plain)));
	}
	const [document] = outermost;
	if (document === undefined || outermost.length > 1 || open.length > 0) {
		throw unreadable("it is not one whole element");
	}
	return { name: document[0], value: document[1] };
}

function withoutDeclaration(text: string): string {
	const [declaration = ""] = /^\s*<\?xml\s[^?<>]*\?>/.exec(text) ?? [];
	const [, encoding = "utf-8"] = /encoding\s*=\s*["']([^"']*)/.exec(declaration) ?? [];
	if (!["utf-8", "us-ascii"].includes(encoding.toLowerCase())) throw unreadable("it is not encoded as UTF-8");
	return text.slice(declaration.length);
}

function* tokensOf(text: string): Generator<RegExpExecArray> {
	token.lastIndex = 0;
	for (let at = 0; at < text.length; ) {
		token.lastIndex = at;
		const match = token.exec(text);
		if (match === null) {
			throw unreadable(
				`it has ${JSON.stringify(text.slice(at, at + 12))}, which is no element, attribute or text`,
			);
		}
		at = token.lastIndex;
		yield match;
	}
}

function addText(element: OpenElement | undefined, text: string): void {
	if (element !== undefined) element.text += text;
	else if (text.trim() !== "") throw unreadable("it has text outside of its element");
}

function attributesOf(text: string): [string, string][] {
	return Array.from(text.matchAll(attribute), ([, name = "", double, single]) => [
		`@${name}`,
		resolved(double ?? single ?? ""),
	]);
}

/** `Object.fromEntries` makes a field even of a name such as `__proto__`. */
function contentOf({ attributes, elements, text }: OpenElement): XmlValue {
	if (elements.length > 0) return Object.fromEntries<XmlValue>([...attributes, ...elements]);
	return attributes.length > 0 ? Object.fromEntries([...attributes, ["$", text]]) : text;
}

function resolved(text: string): string {
	return text.replace(/&([^;&]{0,16});?/g, (reference, name: string) => {
		const [, hex, decimal] = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(name) ?? [];
		const character =
			hex === undefined && decimal === undefined
				? Object.hasOwn(entities, name) && entities[name]
				: characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
		if (reference.endsWith(";") && typeof character === "string") return character;
		throw unreadable(`it has ${JSON.stringify(reference)}, and only the five entities of XML are known`);
	});
}

/** The character of a reference, if XML allows it. */
function characterOf(code: number): string | undefined {
	const isSurrogate = code >= 0xd800 && code <= 0xdfff;
	const isControl = code < 0x20 && ![0x9, 0xa, 0xd].includes(code);
	return code > 0x10_ffff || isSurrogate || isControl ? undefined : String.fromCodePoint(code);
}
