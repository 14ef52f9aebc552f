import type { PipeHandler } from "@allium/core/transport";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type MessageCarrier, MessagePipe, pipeWindowBytes } from "./message-pipe.ts";
import { PipeMessageType, pipeMessageHeadBytes, readPipeMessage, writePipeMessage } from "./pipe-message.ts";

const maxMessageBytes = 64 * 1024;

/** Records everything that an end of a pipe is told. */
class Told implements PipeHandler {
	readonly bytes: number[] = [];
	received = 0;
	drains = 0;
	/** Undefined until it is closed; then the error, or null. */
	end: Error | null | undefined;

	data(bytes: Uint8Array): void {
		this.received += bytes.length;
		if (this.bytes.length < 1_000) this.bytes.push(...bytes.subarray(0, 1_000));
	}

	drain(): void {
		this.drains++;
	}

	closed(error?: Error): void {
		expect(this.end).toBeUndefined();
		this.end = error ?? null;
	}
}

/** One end, its owner, and the messages that it sent and nobody has delivered yet. */
class End implements MessageCarrier {
	readonly maxMessageBytes = maxMessageBytes;
	readonly told: Told = new Told();
	sent: Uint8Array[] = [];
	hasLeft = false;
	other: End | undefined;
	readonly pipe: MessagePipe = new MessagePipe({ address: "test" }, this);

	send(message: Uint8Array): void {
		expect(this.hasLeft).toBe(false);
		expect(message.length).toBeLessThanOrEqual(maxMessageBytes);
		this.sent.push(message);
	}

	leave(): void {
		this.hasLeft = true;
	}

	/** Delivers what was sent, as it is, or as the network made it. */
	deliver(change: (messages: Uint8Array[]) => Uint8Array[] = (messages) => messages): void {
		const messages = this.sent;
		this.sent = [];
		for (const message of change(messages)) this.other?.pipe.receive(message);
	}
}

/** Two ends that have started. */
async function ends(): Promise<[End, End]> {
	const [left, right] = joined();
	left.pipe.start(left.told);
	right.pipe.start(right.told);
	await Promise.resolve();
	return [left, right];
}

function joined(): [End, End] {
	const [left, right] = [new End(), new End()];
	left.other = right;
	right.other = left;
	return [left, right];
}

/** Delivers in both directions until nothing is on its way. */
function settle(left: End, right: End): void {
	while (left.sent.length > 0 || right.sent.length > 0) {
		left.deliver();
		right.deliver();
	}
}

afterEach(() => void vi.useRealTimers());

describe("a pipe over messages", () => {
	test("carries bytes in both directions", async () => {
		const [left, right] = await ends();
		left.pipe.write(Uint8Array.of(1, 2, 3));
		right.pipe.write(Uint8Array.of(4));
		left.pipe.write(Uint8Array.of(5));
		settle(left, right);
		expect(right.told.bytes).toEqual([1, 2, 3, 5]);
		expect(left.told.bytes).toEqual([4]);
	});

	test("keeps what arrives before its owner has begun, even its end", async () => {
		const [left, right] = joined();
		left.pipe.start(left.told);
		left.pipe.write(Uint8Array.of(1, 2));
		left.pipe.end();
		left.deliver();
		right.pipe.start(right.told);
		expect(right.told.bytes).toEqual([]);
		await Promise.resolve();
		expect(right.told.bytes).toEqual([1, 2]);
		expect(right.told.end).toBe(null);
	});

	test("cuts what is larger than a message", async () => {
		const [left, right] = await ends();
		const whole = new Uint8Array(200_000).map((_, index) => index % 251);
		left.pipe.write(whole);
		expect(left.sent.length).toBe(4);
		settle(left, right);
		expect(right.told.received).toBe(whole.length);
		expect(right.told.bytes.slice(0, 500)).toEqual([...whole.subarray(0, 500)]);
	});
});

describe("a message that does not arrive as it was sent", () => {
	const first = Uint8Array.of(1);
	const second = Uint8Array.of(2);
	const afterReset = "the other end reset the pipe";

	test.each<[string, (messages: Uint8Array[]) => Uint8Array[], string]>([
		["is lost", (all) => all.slice(1), "a message was lost, doubled or overtaken on its way"],
		[
			"is doubled",
			([one, two]) => [one, one, two] as Uint8Array[],
			"a message was lost, doubled or overtaken",
		],
		["is overtaken", (all) => all.toReversed(), "a message was lost, doubled or overtaken on its way"],
		[
			"is too short",
			(all) => all.map((message) => message.subarray(0, 5)),
			"what arrived is no message of a pipe",
		],
		[
			"is of no known type",
			(all) => all.map(([, ...rest]) => Uint8Array.of(9, ...rest)),
			"no message of a pipe",
		],
		["is empty", () => [new Uint8Array(0)], "what arrived is no message of a pipe"],
		["is text", () => [new TextEncoder().encode('{"a":1}')], "what arrived is no message of a pipe"],
		[
			"acknowledges what was never sent",
			() => [
				writePipeMessage({
					type: PipeMessageType.acknowledge,
					position: 0,
					received: 7,
					payload: first.subarray(1),
				}),
			],
			"the other end acknowledged more than it was sent",
		],
	])("resets the pipe when it %s", async (_, change, reason) => {
		const [left, right] = await ends();
		left.pipe.write(first);
		left.pipe.write(second);
		left.deliver(change);
		expect(right.told.end?.message).toContain(reason);
		right.deliver();
		expect(left.told.end?.message).toBe(afterReset);
		expect([left.hasLeft, right.hasLeft]).toEqual([true, true]);
	});

	test("resets the pipe when it is more than the window allows", async () => {
		const [left, right] = await ends();
		const payload = new Uint8Array(maxMessageBytes);
		for (let position = 0; position <= pipeWindowBytes; position += payload.length) {
			// An end that is not ours sends on without waiting for what it gets back.
			right.pipe.receive(writePipeMessage({ type: PipeMessageType.data, position, received: 0, payload }));
		}
		expect(right.told.end).toBeUndefined();

		const [, unread] = joined();
		for (let position = 0; position <= pipeWindowBytes; position += payload.length) {
			unread.pipe.receive(writePipeMessage({ type: PipeMessageType.data, position, received: 0, payload }));
		}
		unread.pipe.start(unread.told);
		await Promise.resolve();
		expect(unread.told.end?.message).toBe("the other end sent more than the window of the pipe allows");
		expect(unread.told.received).toBeLessThanOrEqual(pipeWindowBytes);
		expect(left.told.end).toBeUndefined();
	});

	test("is noticed by the next probe when it was the last", async () => {
		const [left, right] = await ends();
		left.pipe.write(first);
		left.deliver(() => []);
		left.pipe.tick();
		left.deliver();
		expect(right.told.end?.message).toContain("a message was lost");
	});
});

describe("the bytes on their way", () => {
	test("are bounded: the writer waits, and goes on as they arrive", async () => {
		const [left, right] = await ends();
		const piece = new Uint8Array(50_000);
		let written = 0;
		while (left.pipe.write(piece)) written += piece.length;
		written += piece.length;
		const onTheWay = left.sent.reduce((sum, message) => sum + message.length - pipeMessageHeadBytes, 0);
		expect(onTheWay).toBeLessThanOrEqual(pipeWindowBytes);
		expect(left.told.drains).toBe(0);
		settle(left, right);
		expect(left.told.drains).toBe(1);
		expect(right.told.received).toBe(written);
		expect(left.pipe.write(piece)).toBe(true);
	});

	test("are acknowledged by what is sent anyway, without messages of their own", async () => {
		const [left, right] = await ends();
		for (let round = 0; round < 100; round++) {
			left.pipe.write(new Uint8Array(10_000));
			left.deliver();
			right.pipe.write(Uint8Array.of(1));
			expect(right.sent.length).toBe(1);
			right.deliver();
		}
		expect(right.told.received).toBe(1_000_000);
	});
});

describe("the end of a pipe", () => {
	test("comes after what was written, and closes both ends in order", async () => {
		const [left, right] = await ends();
		const whole = new Uint8Array(3 * pipeWindowBytes);
		left.pipe.write(whole);
		left.pipe.end();
		expect(left.told.end).toBeUndefined();
		settle(left, right);
		expect(right.told.received).toBe(whole.length);
		expect([left.told.end, right.told.end]).toEqual([null, null]);
	});

	test("does not wait for ever for an end that takes nothing", async () => {
		vi.useFakeTimers();
		const [left] = await ends();
		left.pipe.write(new Uint8Array(2 * pipeWindowBytes));
		left.pipe.end();
		vi.advanceTimersByTime(5_000);
		expect(left.told.end).toBe(null);
		expect(left.sent.map((message) => readPipeMessage(message)?.type).at(-1)).toBe(PipeMessageType.reset);
	});

	test("at once tells the other end", async () => {
		const [left, right] = await ends();
		left.pipe.destroy();
		left.deliver();
		expect(left.told.end).toBe(null);
		expect(right.told.end?.message).toBe("the other end reset the pipe");
	});

	test("comes with the loss of what carries it, and is told once", async () => {
		const [left] = await ends();
		left.pipe.lose("the server went away");
		left.pipe.lose("again");
		left.pipe.end();
		left.pipe.destroy();
		expect(left.told.end?.message).toBe("the server went away");
		expect(left.pipe.write(Uint8Array.of(1))).toBe(true);
		expect(left.sent).toEqual([]);
	});

	test("comes when nothing can be sent any more, but not within the writing", async () => {
		const [left] = await ends();
		left.send = () => {
			throw new Error("there is no connection");
		};
		left.pipe.write(Uint8Array.of(1));
		expect(left.told.end).toBeUndefined();
		await Promise.resolve();
		expect(left.told.end?.message).toBe("there is no connection");
	});
});

test("after a call, an end probes the other after 1, 2, 4 and 8 seconds, and no more for the sake of pings", async () => {
	const [left, right] = await ends();
	const call = new Uint8Array(40);
	const ping = new Uint8Array(18);
	for (const begin of [() => left.pipe.write(call), () => right.pipe.write(call)]) {
		begin();
		settle(left, right);
		const probes: number[] = [];
		for (let second = 1; second <= 60; second++) {
			if (second % 10 === 0) left.pipe.write(ping);
			settle(left, right);
			left.pipe.tick();
			if (left.sent.length > 0) probes.push(second);
		}
		expect(probes).toEqual([1, 2, 4, 8]);
	}
});
