import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The result of `wrk` in one round. */
export interface WrkResult {
	readonly calls: number;
	readonly seconds: number;
	readonly p50us: number;
	readonly p99us: number;
}

/** The load that `wrk` generates. */
export interface WrkLoad {
	readonly url: string;
	/** The body as JSON. */
	readonly body: string;
	/** Headers besides `content-type`. */
	readonly headers?: Readonly<Record<string, string>>;
	readonly connections: number;
	readonly seconds: number;
	/** Whether to pin `wrk` to the client's core. */
	readonly pinned: boolean;
}

/** Returns why `wrk` is missing, or undefined if it is there. Tries to install it if that is possible. */
export function wrkMissing(say: (line: string) => void): string | undefined {
	const runs = (): boolean => spawnSync("wrk", ["-v"]).error === undefined;
	if (runs()) return undefined;
	if (process.platform === "linux" && process.getuid?.() === 0) {
		say("installing wrk …");
		spawnSync("apt-get", ["install", "-y", "-qq", "wrk"], {
			env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
		});
	}
	return runs() ? undefined : "wrk is not installed: install the package wrk, then try again";
}

/** Makes `wrk` post as fast as it can. */
export async function wrk(load: WrkLoad): Promise<WrkResult> {
	const folder = mkdtempSync(join(tmpdir(), "allium-wrk-"));
	try {
		const script = join(folder, "post.lua");
		const { connections, seconds, url, body, headers = {} } = load;
		writeFileSync(script, postScript(body, { "content-type": "application/json", ...headers }));
		const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script, url];
		return parseWrk(await output(load.pinned ? ["taskset", "-c", "1", "wrk", ...args] : ["wrk", ...args]));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** A script that posts the body, and prints one line of JSON for {@link parseWrk}. */
function postScript(body: string, headers: Readonly<Record<string, string>>): string {
	const lines = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = [[${value}]]`);
	return `wrk.method = "POST"
wrk.body = [[${body}]]
${lines.join("\n")}
done = function(summary, latency, requests)
	local errors = summary.errors
	io.write(string.format('\\nresult {"calls":%d,"seconds":%f,"p50us":%f,"p99us":%f,"errors":%d}\\n',
		summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
		errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;
}

/**
 * Parses what the script printed.
 *
 * @throws Error if calls failed, or if there is nothing to parse.
 */
export function parseWrk(text: string): WrkResult {
	const [, json] = /^result (\{.*\})$/m.exec(text) ?? [];
	if (json === undefined) throw new Error(`wrk said ${text.trim() || "nothing"}`);
	const { errors, ...result } = JSON.parse(json) as WrkResult & { readonly errors: number };
	if (errors > 0) throw new Error(`${errors} of ${result.calls} calls under wrk failed`);
	return result;
}

function output([command = "", ...args]: readonly string[]): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
		let text = "";
		const read = (part: Buffer): void => {
			text += part;
		};
		child.stdout.on("data", read);
		child.stderr.on("data", read);
		child.on("error", reject);
		child.on("close", () => resolve(text));
	});
}
