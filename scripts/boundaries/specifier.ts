import { isBuiltin } from "node:module";

/** The target of an import. */
export type Specifier =
	| { readonly kind: "relative"; readonly path: string }
	| { readonly kind: "node" }
	| { readonly kind: "package"; readonly name: string; readonly subpath: string };

/** Reads the text of an import: `./a.ts`, `node:fs`, `@allium/core/transport`. */
export function parseSpecifier(text: string): Specifier {
	if (text.startsWith(".") || text.startsWith("/")) return { kind: "relative", path: text };
	if (isBuiltin(text)) return { kind: "node" };
	const parts = text.split("/");
	const name = parts.slice(0, text.startsWith("@") ? 2 : 1).join("/");
	return { kind: "package", name, subpath: `.${text.slice(name.length)}` };
}
