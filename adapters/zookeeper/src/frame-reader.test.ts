import { expect, test } from "vitest";
import { FrameReader, framed } from "./frame-reader.ts";
import { JuteWriter } from "./jute.ts";

const stream = Buffer.concat([
	framed(new JuteWriter().int(1)),
	framed(new JuteWriter()),
	framed(new JuteWriter().text("abc")),
]);

test("frames are the same however the bytes are cut", () => {
	for (let size = 1; size <= stream.length; size++) {
		const frames: string[] = [];
		const reader = new FrameReader((frame) => frames.push(frame.toString("hex")));
		for (let from = 0; from < stream.length; from += size) reader.push(stream.subarray(from, from + size));
		expect(frames).toEqual(["00000001", "", "00000003616263"]);
	}
});

test("another protocol is noticed by its first four bytes", () => {
	const reader = new FrameReader(() => {});
	expect(() => reader.push(Buffer.from("HTTP/1.1 400 Bad Request"))).toThrow(
		"it does not speak the protocol of ZooKeeper",
	);
});
