/** Names that JavaScript itself looks up on objects. It would call a method of such a name by accident. */
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

/** The longest name. Names are parts of URLs, file names and keys of backends. */
const longestName = 128;

/** Refuses a name that transports or registries could not carry. */
export function checkName(what: "service" | "method" | "event", name: string): void {
	const pattern = what === "service" ? /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/ : /^[A-Za-z0-9_-]+$/;
	const allowed =
		what === "service" ? 'letters, digits, "-", "_" and inner "."' : 'letters, digits, "-" and "_"';
	if (reserved.has(name))
		throw new TypeError(`${what} name "${name}" is reserved by JavaScript; choose another`);
	if (name.length > longestName) throw new TypeError(`${what} name is longer than ${longestName} characters`);
	if (!pattern.test(name))
		throw new TypeError(`${what} name ${JSON.stringify(name)} may have only ${allowed}`);
}
