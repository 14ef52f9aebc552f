import { Socket } from "node:net";
import { expect, test } from "vitest";
import { SocketPipe } from "./socket-pipe.ts";

/** The order of the steps after a pipe was asked to write soon. */
async function order(idle: boolean): Promise<string[]> {
	const pipe = new SocketPipe(new Socket(), { address: "nowhere" });
	const happened: string[] = [];
	pipe.schedule(() => happened.push("write"), idle);
	process.nextTick(() => happened.push("the running code has ended"));
	happened.push("further calls");
	await new Promise((resolve) => setImmediate(resolve));
	return happened;
}

test("while hardly anything is under way, bytes go out when the code that makes calls has run", async () => {
	expect(await order(true)).toEqual(["further calls", "write", "the running code has ended"]);
});

test("while much is under way, bytes wait for those of the whole turn", async () => {
	expect(await order(false)).toEqual(["further calls", "the running code has ended", "write"]);
});
