import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { signedHeaders, verifyWebhook, webhookKeys, webhookSecret } from "./webhook-signature.ts";

const secret = webhookSecret();
const body = '{"type":"matches.started"}';
const headers = (from = secret, text = body): Record<string, string> =>
	signedHeaders(webhookKeys(from), "e-1", text);
const refused = (message: RegExp) =>
	expect.objectContaining({
		code: "unauthenticated",
		reason: "invalid_webhook",
		message: expect.stringMatching(message),
	});

beforeEach(() => void vi.useFakeTimers({ now: 1_674_087_231_000 }));
afterEach(() => void vi.useRealTimers());

test("a signature is that of Standard Webhooks", () => {
	// The vector that the tests of its libraries share.
	const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	vi.setSystemTime(1_614_265_330_000);
	expect(signedHeaders(webhookKeys(key), "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}')).toEqual({
		"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
		"webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	});
});

describe("a webhook is verified", () => {
	test("with the headers of fetch, and with those of Node", () => {
		const verified = { id: "e-1", time: new Date(1_674_087_231_000) };
		expect(verifyWebhook(new Headers(headers()), body, secret)).toEqual(verified);
		expect(verifyWebhook(headers(), body, secret)).toEqual(verified);
	});

	test("by its bytes as well as by its text", () => {
		expect(verifyWebhook(headers(), Buffer.from(body), secret)).toMatchObject({ id: "e-1" });
	});

	test("while its secret is being replaced, on either side", () => {
		const next = webhookSecret();
		const both = signedHeaders(webhookKeys([next, secret]), "e-1", body);
		expect(verifyWebhook(both, body, secret)).toMatchObject({ id: "e-1" });
		expect(verifyWebhook(headers(), body, [next, secret])).toMatchObject({ id: "e-1" });
	});

	test("beside signatures of kinds that are not known", () => {
		const signed = headers();
		const several = { ...signed, "webhook-signature": `v1a,hnO3f9T8Ytu9== ${signed["webhook-signature"]}` };
		expect(verifyWebhook(several, body, secret)).toMatchObject({ id: "e-1" });
	});
});

describe("a webhook is refused", () => {
	test.each([
		["with another body", headers, `${body} `],
		["of another secret", () => headers(webhookSecret()), body],
		["under another id", () => ({ ...headers(), "webhook-id": "e-2" }), body],
		["without a signature that is known", () => ({ ...headers(), "webhook-signature": "v2,AAAA" }), body],
	])("%s", (_, given, text) => {
		expect(() => verifyWebhook(given(), text, secret)).toThrow(refused(/no signature fits/));
	});

	test.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("without the header %s", (name) => {
		const { [name]: _, ...others } = headers();
		expect(() => verifyWebhook(others, body, secret)).toThrow(refused(new RegExp(`no header ${name}`)));
	});

	test.each(["", "soon", "-1", "1e9", "0x10"])("at the time %j", (time) => {
		expect(() => verifyWebhook({ ...headers(), "webhook-timestamp": time }, body, secret)).toThrow(
			refused(/webhook-timestamp/),
		);
	});

	test.each([-301_000, 301_000])("when its clock is %i ms away", (ms) => {
		const signed = headers();
		vi.setSystemTime(1_674_087_231_000 + ms);
		expect(() => verifyWebhook(signed, body, secret)).toThrow(refused(/another time than now/));
		expect(verifyWebhook(signed, body, secret, { toleranceMs: 302_000 })).toMatchObject({ id: "e-1" });
	});
});

test.each([
	"",
	"whsec_",
	"whsec_c2hvcnQ=",
	"not base64!",
	"whsec_not base64, but it is long enough to be a secret",
])("%j is no secret, and is not shown", (text) => {
	expect(() => webhookKeys(text)).toThrow(
		expect.objectContaining({
			name: "TypeError",
			message: expect.stringMatching(/webhookSecret\(\) makes one/),
		}),
	);
});
