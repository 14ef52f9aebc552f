const name = /^[A-Za-z_][\w.-]*$/;

/**
 * Writes a value in Eureka's form of JSON as XML elements: `@name` is an attribute, `$` the text, and an array stands
 * for several elements. A member whose name XML does not allow is left out.
 */
export function writeXml(element: string, value: unknown): string {
	if (Array.isArray(value)) return value.map((one) => writeXml(element, one)).join("");
	if (!name.test(element)) return "";
	if (typeof value !== "object" || value === null)
		return `<${element}>${escaped(String(value))}</${element}>`;
	let attributes = "";
	let content = "";
	for (const [key, member] of Object.entries(value)) {
		if (key === "$") content += escaped(String(member));
		else if (!key.startsWith("@")) content += writeXml(key, member);
		else if (name.test(key.slice(1))) attributes += ` ${key.slice(1)}="${escaped(String(member))}"`;
	}
	return `<${element}${attributes}>${content}</${element}>`;
}

const references: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
};

/** XML has no way to write most control characters, nor half of a surrogate pair. */
const unwritable = /(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu;

function escaped(text: string): string {
	return text
		.toWellFormed()
		.replace(unwritable, "\ufffd")
		.replace(/[&<>"]/g, (character) => references[character] ?? "")
		.replaceAll("\r", "&#13;");
}
