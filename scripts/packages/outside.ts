import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/**
 * The variables that a process inherits here but would not have outside. The address of the npm registry is not among
 * them.
 */
const inner =
	/^(NODE_(ENV|OPTIONS|PATH)|VITEST.*|ALLIUM_.*|INIT_CWD|npm_(?!config_).*|npm_config_(node_options|local_prefix|user_agent))$/i;

/**
 * A folder outside of the workspace, from which nothing of the workspace is found: no sources, no settings of npm or
 * Node.
 */
export class Outside implements Disposable {
	readonly folder: string;
	/** The environment of the processes that run there. A process does not get a variable that is undefined. */
	readonly env: NodeJS.ProcessEnv;
	readonly #running = new Set<ChildProcess>();

	constructor(env: NodeJS.ProcessEnv = {}) {
		this.folder = mkdtempSync(join(tmpdir(), "allium-outside-"));
		const hidden = Object.keys(process.env).filter((name) => inner.test(name));
		this.env = {
			...Object.fromEntries(hidden.map((name) => [name, undefined])),
			PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
			NO_COLOR: "1",
			ALLIUM_REGISTRY: `sqlite://${join(this.folder, "registry")}`,
			...env,
		};
	}

	path(...parts: string[]): string {
		return join(this.folder, ...parts);
	}

	write(file: string, text: string): void {
		mkdirSync(dirname(this.path(file)), { recursive: true });
		writeFileSync(this.path(file), text);
	}

	/** Runs a program with the current Node. Resolves with what it prints. */
	node(args: readonly string[], cwd: string): Promise<string> {
		return this.#run(process.execPath, args, cwd);
	}

	npm(args: readonly string[], cwd: string): Promise<string> {
		return this.#run("npm", args, cwd);
	}

	/** @throws Error with all that it printed when it fails. */
	#run(program: string, args: readonly string[], cwd: string): Promise<string> {
		const child = spawn(program, args, { cwd, env: { ...process.env, ...this.env }, stdio: "pipe" });
		this.#running.add(child);
		child.stdin.end();
		let [stdout, stderr] = ["", ""];
		child.stdout.on("data", (chunk) => {
			stdout += chunk;
		});
		child.stderr.on("data", (chunk) => {
			stderr += chunk;
		});
		return new Promise((resolve, reject) => {
			child.once("error", reject);
			child.once("close", (code, signal) => {
				this.#running.delete(child);
				if (code === 0) resolve(stdout);
				else reject(new Error(`${[program, ...args].join(" ")}: ${signal ?? code}\n${stdout}${stderr}`));
			});
		});
	}

	/** Ends the processes that still run, and removes the folder. */
	[Symbol.dispose](): void {
		for (const child of this.#running) child.kill("SIGKILL");
		rmSync(this.folder, { recursive: true, force: true });
	}
}
