import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Run } from "../run.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const programs = fileURLToPath(new URL("../programs/cold/", import.meta.url));

/** A program that reports its address. */
interface Program {
	readonly id: string;
	readonly what: string;
	readonly file: string;
	readonly execArgv: readonly string[];
	readonly milliseconds: number[];
	readonly cpuMilliseconds: number[];
}

/**
 * Measures the time from the start of a process to its first answer, for a compiled service with its registry as users
 * install it, and for bare node:http.
 */
export async function coldStart(run: Run): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "allium-cold-"));
	try {
		const bare = join(programs, "http.mjs");
		const all = [
			program("cold node:http", "bare node:http", bare),
			program("cold zod", "bare node:http and zod, imported", bare, ["--import", import.meta.resolve("zod")]),
		];
		run.progress("process", "compiling the packages as they are published");
		const built = buildInto(folder);
		if (built === undefined) {
			const service = join(folder, "allium.mjs");
			const keeping = ["--import", "allium/compile-cache"];
			all.push(
				program("cold allium", "a service of Allium with zod, compiled", service),
				program(
					"cold cached",
					"the same from its second start on, where compiled code is kept",
					service,
					keeping,
				),
			);
		} else run.failed("process", "cold start of the published packages", built);
		const sources = ["--conditions=@allium/source"];
		all.push(
			program(
				"cold sources",
				"a service of Allium with zod, from TypeScript sources",
				join(programs, "allium.mjs"),
				sources,
			),
		);
		const starts = run.options.quick ? 3 : 15;
		run.progress("process", `${starts} cold starts of each of ${all.length} programs`);
		// The first start of each program fills the disk's cache and creates the registry.
		for (let start = 0; start <= starts; start++) {
			for (const { file, execArgv, milliseconds, cpuMilliseconds } of all) {
				const took = await firstAnswer([...execArgv, file], folder);
				if (start === 0) continue;
				milliseconds.push(took.milliseconds);
				cpuMilliseconds.push(took.cpuMilliseconds);
			}
		}
		for (const { id, what, milliseconds, cpuMilliseconds } of all) {
			run.figure("process", id, `cold start to the first answer: ${what}`, "ms", milliseconds);
			run.figure("process", `${id} CPU`, `the same in processor time: ${what}`, "ms", cpuMilliseconds);
		}
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function program(id: string, what: string, file: string, execArgv: readonly string[] = []): Program {
	return { id, what, file, execArgv, milliseconds: [], cpuMilliseconds: [] };
}

/**
 * Compiles the packages into a folder where programs find them as if installed. Returns why that failed, if it did.
 */
function buildInto(folder: string): string | undefined {
	const modules = join(folder, "node_modules");
	mkdirSync(join(modules, "@allium"), { recursive: true });
	for (const name of readdirSync(join(root, "node_modules"))) {
		if (name === "allium" || name === "@allium" || name.startsWith(".")) continue;
		symlinkSync(join(root, "node_modules", name), join(modules, name));
	}
	for (const kind of ["packages", "adapters"]) {
		for (const name of readdirSync(join(root, kind))) {
			mkdirSync(join(folder, kind, name), { recursive: true });
			copyFileSync(join(root, kind, name, "package.json"), join(folder, kind, name, "package.json"));
			const link = name === "allium" ? "allium" : `@allium/${name}`;
			symlinkSync(join(folder, kind, name), join(modules, link));
		}
	}
	copyFileSync(join(programs, "allium.mjs"), join(folder, "allium.mjs"));
	const build = spawnSync(process.execPath, [join(root, "scripts/build.ts"), "--into", folder], {
		encoding: "utf8",
	});
	return build.status === 0 ? undefined : `they cannot be built: ${build.stdout.trim().split("\n")[1] ?? ""}`;
}

/** Measures a process from its start to its first answer. */
async function firstAnswer(
	args: readonly string[],
	folder: string,
): Promise<{ milliseconds: number; cpuMilliseconds: number }> {
	const startedAt = performance.now();
	const child = spawn(process.execPath, [...args], {
		cwd: folder,
		env: {
			...process.env,
			// Removes the condition that npm passes down here, and the cache of this process.
			NODE_OPTIONS: "",
			NODE_COMPILE_CACHE: undefined,
			// Compiled code is kept here.
			TMPDIR: folder,
			NODE_ENV: "production",
			ALLIUM_REGISTRY: `sqlite://${folder}`,
		},
		stdio: ["pipe", "pipe", "inherit"],
	});
	const closed = once(child, "close");
	const kill = setTimeout(() => child.kill("SIGKILL"), 30_000);
	const lines = createInterface(child.stdout);
	const line = async (): Promise<string> => {
		const [text] = await Promise.race([once(lines, "line"), closed.then(() => [undefined])]);
		if (typeof text !== "string") throw new Error("a program ended before it answered");
		return text;
	};
	try {
		await post(await line());
		const milliseconds = performance.now() - startedAt;
		const used = line();
		child.stdin.end();
		const { user, system } = JSON.parse(await used);
		return { milliseconds, cpuMilliseconds: (user + system) / 1_000 };
	} finally {
		child.stdin.end();
		await closed;
		clearTimeout(kill);
	}
}

function post(url: string): Promise<void> {
	return new Promise((resolve, reject) => {
		const headers = { "content-type": "application/json" };
		const sent = request(url, { method: "POST", agent: false, headers }, (response) => {
			response.resume();
			response.on("end", () => {
				if (response.statusCode === 200) resolve();
				else reject(new Error(`${url} answered ${response.statusCode}`));
			});
		});
		sent.on("error", reject);
		sent.end('{"a":20,"b":22}');
	});
}
