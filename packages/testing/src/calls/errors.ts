import { isError, Metadata, ServiceError } from "@allium/core";
import { expect } from "vitest";
import { type CallLab, failure } from "./call-lab.ts";
import { type Cases, kinds, outputStreams } from "./cases.ts";
import { Calls } from "./contract.ts";

const secret = "postgres://admin:hunter2@db-7/";
const data = { limit: 7, names: ["naïve 🧅", ""] };

/** Failures on the server, as the caller sees them. */
export function errorTests(cases: Cases): void {
	for (const kind of cases.refused) {
		cases.one(`${kind}: a call is refused in a sentence, and never reaches the handler`, [], async (lab) => {
			let handled = 0;
			lab.handler = (input) => {
				handled++;
				return input;
			};
			const error = await failure(lab.call(kind));
			expect(error).toMatchObject({ code: "unimplemented" });
			expect(error.message).toContain(`calls/${kind} has a stream`);
			await lab.expectHealthy();
			expect(handled).toBe(0);
		});
	}

	cases.each("a declared error keeps code, reason, message, data and metadata", kinds, async (kind, lab) => {
		const metadata = new Metadata({ "x-cost": "2", "x-trace-bin": Uint8Array.of(0, 255) });
		// biome-ignore lint/correctness/useYield: it fails before it answers
		lab.handler = async function* () {
			throw Calls[kind].error.refused(data, { message: "no – not “today”", metadata, retryAfterMs: 1_500 });
		};
		const error = await failure(lab.call(kind));
		if (!isError(error, Calls[kind].error.refused)) throw error;
		expect(error).toMatchObject({
			message: "no – not “today”",
			data,
			domain: "calls",
			retryAfterMs: 1_500,
		});
		expect(error.metadata?.get("x-cost")).toBe("2");
		expect(error.metadata?.getBytes("x-trace-bin")).toEqual(Uint8Array.of(0, 255));
		expect(error.notExecuted).toBe(false);
	});

	cases.each("an error of every code keeps it", kinds, async (kind, lab) => {
		const codes = [
			"canceled",
			"unknown",
			"not_found",
			"aborted",
			"unavailable",
			"data_loss",
			"unauthenticated",
		];
		const arrived: string[] = [];
		for (const code of codes as ServiceError["code"][]) {
			// biome-ignore lint/correctness/useYield: it fails before it answers
			lab.handler = async function* () {
				throw new ServiceError({ code, reason: "on_purpose" });
			};
			arrived.push((await failure(lab.call(kind))).code);
		}
		expect(arrived).toEqual(codes);
	});

	cases.each("an undeclared throw leaks nothing, and is logged", kinds, async (kind, lab) => {
		// biome-ignore lint/correctness/useYield: it fails before it answers
		lab.handler = async function* () {
			throw Object.assign(new Error(secret), { password: secret });
		};
		await expectNoLeak(lab, failure(lab.call(kind)));
	});

	cases.each("an undeclared throw after a reply leaks nothing either", outputStreams, async (kind, lab) => {
		lab.handler = async function* () {
			yield { text: "one" };
			throw new Error(secret);
		};
		const replies: string[] = [];
		const take = async (): Promise<void> => {
			for await (const { text } of lab.call(kind)) replies.push(text);
		};
		await expectNoLeak(lab, failure(take()));
		expect(replies).toEqual(["one"]);
	});

	cases.each("what comes before an error arrives before it", outputStreams, async (kind, lab) => {
		lab.handler = async function* () {
			for (let n = 0; n < 100; n++) yield { text: String(n) };
			throw Calls[kind].error.refused(data);
		};
		const replies: string[] = [];
		const take = async (): Promise<void> => {
			for await (const { text } of lab.call(kind)) replies.push(text);
		};
		expect(await failure(take())).toMatchObject({ reason: "refused", data });
		expect(replies).toHaveLength(100);
	});
}

async function expectNoLeak(lab: CallLab, failing: Promise<ServiceError>): Promise<void> {
	const error = await failing;
	expect(error).toMatchObject({ code: "internal", message: "internal error", domain: "calls" });
	const told = [JSON.stringify(error), String(error), String(error.cause), ...(error.metadata ?? [])].join();
	expect(told).not.toContain("hunter2");
	expect(lab.logged.join()).toContain("hunter2");
}
