import { expect, test, vi } from "vitest";
import type { Outcome } from "../context/call-scope.ts";
import { ServiceError } from "../errors/service-error.ts";
import { IncomingMessages } from "../transport/incoming-messages.ts";
import { observeStream, type RelayedStream } from "./observe-stream.ts";

const lost = new ServiceError({ code: "unavailable", message: "lost" });
const shown = new ServiceError({ code: "unavailable", message: "lost on the way to a" });
const broken = (error: ServiceError) => ({ ok: false, error });

/** Messages that arrive, and an observed stream that hands its consumer over to them after its first message. */
function relayed() {
	const messages = new IncomingMessages<string>({ decode: (text) => text, released() {}, stopped() {} });
	const relay: RelayedStream = {
		"~rest": undefined,
		async next() {
			const result = await messages.next();
			relay["~rest"] = messages;
			return result;
		},
		return: () => messages.return(),
	};
	const settled = vi.fn<(outcome: Outcome) => void>();
	const observed = observeStream({ [Symbol.asyncIterator]: () => relay }, settled, () => shown);
	return { messages, settled, stream: observed[Symbol.asyncIterator]() };
}

test("a stream that hands over to one that reports its end is not looked at any more", async () => {
	const { messages, settled, stream } = relayed();
	messages.push("a", 1);
	messages.push("b", 1);
	expect(await stream.next()).toEqual({ done: false, value: "a" });
	const next = vi.spyOn(messages, "next");
	const second = stream.next();
	expect(next).toHaveLastReturnedWith(second);
	expect(settled).not.toHaveBeenCalled();
	messages.end();
	await stream.next();
	expect(settled).toHaveBeenCalledExactlyOnceWith({ ok: true });
});

test("its consumer sees the error that it is translated to, each time that it asks", async () => {
	const { messages, settled, stream } = relayed();
	messages.push("a", 1);
	await stream.next();
	messages.fail(lost);
	await expect(stream.next()).rejects.toBe(shown);
	await expect(stream.next()).rejects.toBe(shown);
	expect(settled).toHaveBeenCalledExactlyOnceWith(broken(shown));
});

test("its end is told once to a consumer that asked for several messages before the first came", async () => {
	const { messages, settled, stream } = relayed();
	const asked = [stream.next(), stream.next(), stream.next()];
	messages.push("a", 1);
	messages.end();
	expect((await Promise.all(asked)).map(({ done }) => done)).toEqual([false, true, true]);
	expect(settled).toHaveBeenCalledExactlyOnceWith({ ok: true });
});

test("a consumer that breaks out of it settles it once", async () => {
	const { messages, settled, stream } = relayed();
	messages.push("a", 1);
	await stream.next();
	await stream.return?.();
	expect(settled).toHaveBeenCalledExactlyOnceWith(
		expect.objectContaining({ error: expect.objectContaining({ code: "canceled" }) }),
	);
});

test("observers of one stream are told in their order, each of the error that it translated", async () => {
	const messages = new IncomingMessages<string>({ decode: (text) => text, released() {}, stopped() {} });
	const [inner, outer] = [vi.fn<(outcome: Outcome) => void>(), vi.fn<(outcome: Outcome) => void>()];
	const once = observeStream(messages, inner);
	expect(observeStream(once, outer, () => shown)).toBe(messages);
	messages.fail(lost);
	await expect(messages.next()).rejects.toBe(shown);
	expect([inner.mock.calls, outer.mock.calls]).toEqual([[[broken(lost)]], [[broken(shown)]]]);
	expect(inner).toHaveBeenCalledBefore(outer);
});
