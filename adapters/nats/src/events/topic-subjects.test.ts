import { laneOf } from "@allium/core/event";
import { describe, expect, test } from "vitest";
import { laneOfSubject, TopicSubjects } from "./topic-subjects.ts";

const subjects = new TopicSubjects("allium", "default", "orders.v2");

describe("the subjects of a topic", () => {
	test("name the namespace, the topic, its lanes, the lane and the slot", () => {
		const { lane, subject } = subjects.of({ id: "1", key: "a" }, 16);
		expect(subject).toMatch(new RegExp(`^allium-events\\.default\\.orders=2Ev2\\.16\\.${lane}\\.\\d+$`));
		expect(laneOfSubject(subject)).toBe(lane);
		expect(subjects.stream).toBe("allium+default+orders=2Ev2");
	});

	test("put an event into its lane, and a key always into the same slot", () => {
		for (let index = 0; index < 1_000; index++) {
			const event = { id: `${index}`, key: `key-${index}` };
			const { lane, subject } = subjects.of(event, 7);
			expect(lane).toBe(laneOf(event, 7));
			expect(subjects.of({ ...event, id: "other" }, 7).subject).toBe(subject);
		}
	});

	test("are no more than 64 for each lane, however many keys there are", () => {
		const names = Array.from(
			{ length: 20_000 },
			(_, index) => subjects.of({ id: "", key: `${index}` }, 4).subject,
		);
		expect(new Set(names).size).toBe(4 * 64);
	});

	test("tell the number of lanes, and those of something else do not", () => {
		expect(subjects.lanesOf([subjects.all(16)])).toBe(16);
		expect(subjects.lanesOf(["orders.>"])).toBeUndefined();
		expect(subjects.lanesOf([])).toBeUndefined();
	});

	test("of topics with long or strange names are short, and differ", () => {
		const names = ["x".repeat(128), `${"x".repeat(127)}y`, "a.b", "a_b", "a b", "*", ">"];
		const streams = names.map((name) => new TopicSubjects("allium", "default", name).stream);
		expect(new Set(streams).size).toBe(names.length);
		for (const stream of streams) expect(stream).toMatch(/^[\w=+-]{1,255}$/);
	});
});
