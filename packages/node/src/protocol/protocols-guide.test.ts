import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PortProtocol } from "@allium/node/protocol";
import { expect, test } from "vitest";
import { openLab } from "../http/fixtures/lab.ts";
import { listen } from "../server/server.ts";

const root = new URL("../../../..", import.meta.url).pathname;

test("the guide's protocol answers calls", async () => {
	const guide = await readFile(join(root, "docs/guide/protocols.md"), "utf8");
	const [, program = ""] = /```ts\n(import [\s\S]*?)```/.exec(guide) ?? [];
	// Inside the workspace, so that its packages are found.
	await mkdir(join(root, ".cache"), { recursive: true });
	const folder = await mkdtemp(join(root, ".cache", "protocols-guide-"));
	const file = join(folder, "lines.ts");
	await writeFile(file, program);
	try {
		const { lines }: { lines: () => PortProtocol } = await import(file);
		const listener = await listen(openLab().endpoints, { protocols: [lines()] });
		const send = async (body: string): Promise<[number, string]> => {
			const headers = { "content-type": "application/x-lines" };
			const answer = await fetch(`${listener.addresses[0]}/lab/sum`, { method: "POST", headers, body });
			return [answer.status, await answer.text()];
		};
		expect(await send('{"a":1,"b":2}')).toEqual([200, '{"v":3}\n']);
		expect(await send('{"a":0,"b":0}')).toEqual([400, "invalid_argument\n"]);
		await listener.close();
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
});
