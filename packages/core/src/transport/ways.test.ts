import { expect, test } from "vitest";
import type { Acceptor, Dialer } from "./transport.ts";
import { waysOf } from "./ways.ts";

const dialer: Dialer = {
	scheme: "one",
	dial: () => ({ endpoint: () => async () => {}, close: async () => {} }),
};
const acceptor: Acceptor = { listen: () => Promise.reject(new Error("not here")) };

test("transports are sorted by whether they dial, listen, or do both", () => {
	const both = { ...dialer, ...acceptor };
	expect(waysOf([dialer, acceptor, both])).toEqual({ dialers: [dialer, both], acceptors: [acceptor, both] });
});

test("one that can do neither is refused", () => {
	const nothing = {} as Dialer;
	expect(() => waysOf([nothing])).toThrow("a transport has a function dial or a function listen");
});
