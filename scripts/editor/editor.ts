import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript-language-service";
import { root } from "../workspace/root.ts";

/** The text that an editor shows for the name under the cursor. */
export interface Hover {
	/** The name with its type, on one line. */
	readonly shape: string;
	/** The doc comment of its declaration. */
	readonly docs: string;
}

/**
 * An editor as the language service of TypeScript provides it, over packages that import each other by name. A cursor
 * is written as a piece of a file's text, with `|` before the name under the cursor.
 */
export class Editor {
	readonly #folder: string;
	readonly #scope: string;
	readonly #files: ReadonlyMap<string, string>;
	readonly #service: ts.LanguageService;

	/**
	 * @param folder the folder of the packages; each has a `package.json` and an `index.ts`.
	 * @param scope the scope of their names: `@shop` of `@shop/contract`.
	 */
	constructor(folder: string, scope: string, packages: readonly string[]) {
		this.#folder = folder;
		this.#scope = scope;
		this.#files = new Map(packages.map((name) => [join(folder, name, "index.ts"), name]));
		this.#service = ts.createLanguageService(this.#host());
	}

	hover(file: string, cursor: string): Hover {
		const info = this.#service.getQuickInfoAtPosition(this.#path(file), this.#position(file, cursor));
		const shape = ts.displayPartsToString(info?.displayParts);
		return {
			shape: shape.replaceAll(/\s+/g, " ").replace(/^\(\w+\) /, ""),
			docs: ts.displayPartsToString(info?.documentation),
		};
	}

	/** The lines that "go to definition" leads to. */
	definition(file: string, cursor: string): string[] {
		const found = this.#service.getDefinitionAtPosition(this.#path(file), this.#position(file, cursor));
		return (found ?? []).map((span) => this.#line(span));
	}

	/** The lines that "find all references" lists. */
	references(file: string, cursor: string): string[] {
		const found = this.#service.findReferences(this.#path(file), this.#position(file, cursor)) ?? [];
		return found.flatMap(({ references }) => references.map((span) => this.#line(span)));
	}

	/** The lines that a rename changes, as they are afterwards. */
	rename(file: string, cursor: string, name: string): string[] {
		const position = this.#position(file, cursor);
		const info = this.#service.getRenameInfo(this.#path(file), position, {});
		if (!info.canRename) return [info.localizedErrorMessage];
		const preferences = { providePrefixAndSuffixTextForRename: true };
		const spans = this.#service.findRenameLocations(this.#path(file), position, false, false, preferences);
		return (spans ?? []).map((span) => {
			const { textSpan, prefixText = "", suffixText = "" } = span;
			return this.#line(span, `${prefixText}${name}${suffixText}`, textSpan.length);
		});
	}

	/** The declarations that a build produces for a package's file. */
	declarations(file: string): string {
		return this.#service.getEmitOutput(this.#path(file), true, true).outputFiles[0]?.text ?? "";
	}

	/**
	 * The first line of every message about a package's file, each after the line of code that the message is about.
	 */
	errors(file: string): [code: string, message: string][] {
		const fileName = this.#path(file);
		const found = [
			...this.#service.getSyntacticDiagnostics(fileName),
			...this.#service.getSemanticDiagnostics(fileName),
		];
		return found.map(({ start = 0, length = 0, messageText }) => {
			const [code = ""] = this.#line({ fileName, textSpan: { start, length } }).split("\n");
			const [message = ""] = ts.flattenDiagnosticMessageText(messageText, "\n").split("\n");
			return [code.replace(`${file}: `, ""), message];
		});
	}

	#path(file: string): string {
		return join(this.#folder, file, "index.ts");
	}

	#position(file: string, cursor: string): number {
		const text = readFileSync(this.#path(file), "utf8");
		const start = text.indexOf(cursor.replace("|", ""));
		if (start < 0) throw new Error(`${file} has no "${cursor}"`);
		return start + cursor.indexOf("|");
	}

	#line({ fileName, textSpan }: ts.DocumentSpan, replacement?: string, length = 0): string {
		const text = readFileSync(fileName, "utf8");
		const start = text.lastIndexOf("\n", textSpan.start) + 1;
		const end = text.indexOf("\n", textSpan.start);
		const line =
			replacement === undefined
				? text.slice(start, end)
				: text.slice(start, textSpan.start) + replacement + text.slice(textSpan.start + length, end);
		return `${this.#files.get(fileName) ?? relative(root, fileName)}: ${line.trim()}`;
	}

	/** Resolves packages of the scope as if they were installed beside each other. */
	#host(): ts.LanguageServiceHost {
		const modules = join(this.#folder, "node_modules");
		const real = (path: string): string => path.replace(join(modules, this.#scope), this.#folder);
		const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile);
		const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
		return {
			getCurrentDirectory: () => this.#folder,
			getCompilationSettings: () => ({
				...options,
				declaration: true,
				isolatedDeclarations: false,
				sourceMap: false,
			}),
			getDefaultLibFileName: ts.getDefaultLibFilePath,
			getScriptFileNames: () => [...this.#files.keys()],
			getScriptVersion: () => "1",
			getScriptSnapshot: (path) =>
				existsSync(path) ? ts.ScriptSnapshot.fromString(readFileSync(path, "utf8")) : undefined,
			fileExists: (path) => ts.sys.fileExists(real(path)),
			readFile: (path) => ts.sys.readFile(real(path)),
			directoryExists: (path) => path === modules || ts.sys.directoryExists(real(path)),
			realpath: (path) => ts.sys.realpath?.(real(path)) ?? real(path),
		};
	}
}
