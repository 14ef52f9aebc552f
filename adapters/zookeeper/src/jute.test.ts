import { expect, test } from "vitest";
import { JuteReader, JuteWriter } from "./jute.ts";

test("what is written is read", () => {
	const bytes = new JuteWriter()
		.int(-4)
		.long(-5n)
		.text("ü")
		.bytes(Buffer.from([7]))
		.int(2)
		.text("a")
		.text("")
		.take();
	const reader = new JuteReader(bytes);
	expect([reader.int(), reader.long(), reader.text(), [...reader.bytes()], reader.texts()]).toEqual([
		-4,
		-5n,
		"ü",
		[7],
		["a", ""],
	]);
});

test("the bytes are those of ZooKeeper", () => {
	expect(new JuteWriter().int(1).text("/a").boolean(true).take().toString("hex")).toBe(
		"00000001000000022f6101",
	);
});

test("bytes that are too few are an error, and nothing is a text without length", () => {
	expect(() => new JuteReader(Buffer.from([0, 0, 0, 9, 1])).bytes()).toThrow(RangeError);
	expect(() => new JuteReader(Buffer.from([0])).int()).toThrow("the answer is shorter than it says");
	expect(() => new JuteReader(Buffer.from([127, 255, 255, 255])).texts()).toThrow(RangeError);
	expect(new JuteReader(Buffer.from([255, 255, 255, 255])).text()).toBe("");
});
