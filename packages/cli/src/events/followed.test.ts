import { Context, ServiceError } from "@allium/core";
import { memoryLog } from "@allium/core/log-broker";
import { expect, onTestFinished, test, vi } from "vitest";
import { followed } from "./followed.ts";

test("a broker that goes away while nothing is published is told, and that it answers again", async () => {
	vi.useFakeTimers();
	onTestFinished(() => void vi.useRealTimers());
	const { ctx, cancel } = Context.background().withCancel();
	const topic = await memoryLog().open("matches", {}, ctx);
	const warned: string[] = [];
	const warn = (sentence: string): void => void warned.push(sentence);
	const next = followed(topic, { from: "now", key: undefined, warn }, ctx).next();
	next.catch(() => {});
	await vi.advanceTimersByTimeAsync(10_000);
	expect(warned).toEqual([]);
	const read = vi.spyOn(topic, "read");
	read.mockRejectedValue(new ServiceError({ code: "unavailable", message: "no server answers" }));
	await vi.advanceTimersByTimeAsync(10_000);
	expect(warned).toEqual(["matches: no server answers; asking again until it answers."]);
	read.mockRestore();
	await vi.advanceTimersByTimeAsync(10_000);
	expect(warned.at(-1)).toBe("matches: the broker answers again.");
	cancel();
	await expect(next).rejects.toMatchObject({ code: "canceled" });
});
