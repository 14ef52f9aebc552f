import { expect, test } from "vitest";
import type { Instance } from "./instance.ts";
import { instanceRecord } from "./instance-record.ts";
import { LeaseQueue } from "./lease-queue.ts";

const instance: Instance = {
	id: "a",
	app: "shop",
	namespace: "default",
	addresses: ["allium://10.0.0.9:4000"],
	services: [],
	labels: {},
	weight: 1,
	status: "up",
	startedAt: "2026-01-01T00:00:00.000Z",
};

function open(): { queue: LeaseQueue; told: string[]; step: (name: string) => () => Promise<void> } {
	const told: string[] = [];
	const step = (name: string) => async () => {
		told.push(`${name} begins`);
		await Promise.resolve();
		told.push(`${name} ends`);
	};
	return { queue: new LeaseQueue(instanceRecord(instance).key), told, step };
}

test("operations run one after another, the release last", async () => {
	const { queue, told, step } = open();
	await Promise.all([
		queue.update(instance, step("one")),
		queue.update(instance, step("two")),
		queue.release(step("release")),
	]);
	expect(told).toEqual(["one", "two", "release"].flatMap((name) => [`${name} begins`, `${name} ends`]));
});

test("an update gets the record of its instance", async () => {
	const { queue } = open();
	const changed = { ...instance, weight: 2 };
	await queue.update(changed, async ({ text }) => expect(text).toBe(instanceRecord(changed).text));
});

test("an update that fails holds up none behind it", async () => {
	const { queue, told, step } = open();
	const failing = queue.update(instance, () => Promise.reject(new Error("away")));
	await Promise.all([expect(failing).rejects.toThrow("away"), queue.update(instance, step("next"))]);
	expect(told).toEqual(["next begins", "next ends"]);
});

test("an update after the release is refused and does not run", async () => {
	const { queue, told, step } = open();
	const released = queue.release(step("release"));
	await expect(queue.update(instance, step("late"))).rejects.toMatchObject({ code: "failed_precondition" });
	await released;
	expect(told).toEqual(["release begins", "release ends"]);
});

test("a second release waits for the first and does no more", async () => {
	const { queue, told, step } = open();
	await Promise.all([queue.release(step("one")), queue.release(step("two"))]);
	expect(told).toEqual(["one begins", "one ends"]);
});

test("an update of another instance is refused", async () => {
	const { queue, step } = open();
	const other = queue.update({ ...instance, id: "b" }, step("other"));
	await expect(other).rejects.toMatchObject({ code: "failed_precondition" });
});
