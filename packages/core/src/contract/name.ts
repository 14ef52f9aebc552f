/** Names that JavaScript itself looks up on objects; a method of that name would be called by accident. */
const reserved = new Set([
	"then",
	"catch",
	"finally",
	"constructor",
	"prototype",
	"__proto__",
	"toJSON",
	"toString",
	"toLocaleString",
	"valueOf",
	"hasOwnProperty",
	"isPrototypeOf",
	"propertyIsEnumerable",
]);

/** A name stands in URLs, file names and keys of backends; this keeps it short everywhere. */
const longestName = 128;

/** Refuses a name that a transport or a registry could not carry. */
export function checkName(what: "service" | "method", name: string): void {
	const pattern = what === "service" ? /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/ : /^[A-Za-z0-9_-]+$/;
	const allowed =
		what === "service" ? 'letters, digits, "-", "_" and inner "."' : 'letters, digits, "-" and "_"';
	if (reserved.has(name))
		throw new TypeError(`${what} name "${name}" is reserved by JavaScript; choose another`);
	if (name.length > longestName) throw new TypeError(`${what} name is longer than ${longestName} characters`);
	if (!pattern.test(name))
		throw new TypeError(`${what} name ${JSON.stringify(name)} may have only ${allowed}`);
}
