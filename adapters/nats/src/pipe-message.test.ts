import { expect, test } from "vitest";
import { noPayload, PipeMessageType, readPipeMessage, writePipeMessage } from "./pipe-message.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test.each([
	[
		"DATA",
		{ type: PipeMessageType.data, position: 2 ** 32 - 2, received: 258, payload: Uint8Array.of(7, 8) },
		"01fffffffe000001020708",
	],
	[
		"ACKNOWLEDGE",
		{ type: PipeMessageType.acknowledge, position: 1, received: 65_536, payload: noPayload },
		"020000000100010000",
	],
	["END", { type: PipeMessageType.end, position: 3, received: 0, payload: noPayload }, "030000000300000000"],
	[
		"RESET",
		{ type: PipeMessageType.reset, position: 0, received: 0, payload: noPayload },
		"040000000000000000",
	],
] as const)("%s has these bytes, and is read from them", (_, message, bytes) => {
	expect(hex(writePipeMessage(message))).toBe(bytes);
	const { payload, ...head } = message;
	const read = readPipeMessage(Buffer.from(bytes, "hex"));
	expect(read).toMatchObject(head);
	expect([...(read?.payload ?? [])]).toEqual([...payload]);
});

test.each([
	["nothing", ""],
	["a head that is cut off", "0100000000000000"],
	["an unknown type", "050000000000000000"],
	["the type 0", "000000000000000000"],
	["DATA without any", "010000000000000000"],
	["END with a payload", "03000000000000000001"],
])("%s is no message", (_, bytes) => {
	expect(readPipeMessage(Buffer.from(bytes, "hex"))).toBeUndefined();
});
