import type { PeerInfo } from "@allium/core";
import { describe, expect, test } from "vitest";
import { callPathOf } from "./http-request.ts";
import { readHead } from "./read-head.ts";
import { RequestTargets } from "./request-target.ts";
import { readStrictHead, type StrictHead } from "./strict/strict-head.ts";
import { type BodyFlow, StrictRequest } from "./strict/strict-request.ts";

const peer: PeerInfo = { address: "127.0.0.1" };
const flow: BodyFlow = { isSecure: false, hold() {}, cut() {} };

/** A head as the strict reader keeps it. */
function keptHead(...lines: string[]): StrictHead {
	const text = ["POST /add/sum?x=1 HTTP/1.1", "Host: example.org:80", ...lines, "", ""].join("\r\n");
	const head = readStrictHead(Buffer.from(text), 0, 8_192);
	if (typeof head !== "object") throw new Error(`no strict head: ${head}`);
	return head;
}

function settled(head: StrictHead): StrictRequest {
	const request = new StrictRequest(head, peer, flow);
	new RequestTargets().settle(request);
	return request;
}

describe("requests with the same head", () => {
	test("share what was found out about it", () => {
		const head = keptHead("content-type: application/json; charset=utf-8", "x-tenant: a");
		const [first, second] = [settled(head), settled(head)];
		expect(readHead(second)).toBe(readHead(first));
		expect(readHead(second)).toMatchObject({ mediaType: "application/json" });
		expect(readHead(second).metadata.get("x-tenant")).toBe("a");
		for (const { path, authority } of [first, second]) {
			expect([path, authority]).toEqual(["/add/sum", "example.org:80"]);
		}
		expect(callPathOf(second)).toBe("add/sum");
	});

	test("do not see the headers that a layer changed in one of them", () => {
		const head = keptHead("x-tenant: a");
		const [changed, next] = [settled(head), settled(head)];
		readHead(changed);
		changed.rawHeaders.splice(2, 2, "x-tenant", "b");
		expect(readHead(changed).metadata.get("x-tenant")).toBe("b");
		expect(changed.header("x-tenant")).toBe("b");
		expect(readHead(next).metadata.get("x-tenant")).toBe("a");
		expect(next.rawHeaders).toEqual(["Host", "example.org:80", "x-tenant", "a"]);
	});

	test("get errors of their own, because errors are changed on their way", () => {
		const head = keptHead("connect-timeout-ms: soon");
		const [first, second] = [readHead(settled(head)).error, readHead(settled(head)).error];
		expect(first).toMatchObject({ code: "invalid_argument" });
		expect(second).toMatchObject({ code: "invalid_argument" });
		expect(second).not.toBe(first);
	});
});
