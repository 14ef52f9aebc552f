import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What `wrk` found in one round. */
export interface WrkResult {
	readonly calls: number;
	readonly seconds: number;
	readonly p50us: number;
	readonly p99us: number;
}

/** How `wrk` posts. */
export interface WrkLoad {
	readonly url: string;
	/** JSON. */
	readonly body: string;
	readonly connections: number;
	readonly seconds: number;
	/** Keeps it to the client's core. */
	readonly pinned: boolean;
}

/** Whether `wrk` is there; tries to install it where it is not and that is possible. Returns why not. */
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

/** Lets `wrk` post as fast as it can. Its first line would say so if it could not. */
export async function wrk(load: WrkLoad): Promise<WrkResult> {
	const folder = mkdtempSync(join(tmpdir(), "allium-wrk-"));
	try {
		const script = join(folder, "post.lua");
		writeFileSync(script, postScript(load.body));
		const { connections, seconds, url } = load;
		const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script, url];
		return parseWrk(await output(load.pinned ? ["taskset", "-c", "1", "wrk", ...args] : ["wrk", ...args]));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** Posts the body, and prints what is read here as one line of JSON. */
function postScript(body: string): string {
	return `wrk.method = "POST"
wrk.body = [[${body}]]
wrk.headers["content-type"] = "application/json"
done = function(summary, latency, requests)
	local errors = summary.errors
	io.write(string.format('\\nresult {"calls":%d,"seconds":%f,"p50us":%f,"p99us":%f,"errors":%d}\\n',
		summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
		errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;
}

/**
 * Reads what the script printed.
 *
 * @throws Error when calls failed, or there is nothing to read.
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
