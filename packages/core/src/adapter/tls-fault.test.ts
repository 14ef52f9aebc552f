import { expect, test } from "vitest";
import { tlsFault } from "./tls-fault.ts";

function error(code: string, more: object = {}): Error {
	return Object.assign(new Error("as OpenSSL has it"), { code, ...more });
}

test.each([
	[
		"SELF_SIGNED_CERT_IN_CHAIN",
		{},
		/nobody who is trusted here issued its certificate .*name the authority by ca/,
	],
	["CERT_HAS_EXPIRED", {}, /has expired; give it a new one/],
	["CERT_NOT_YET_VALID", {}, /clocks/],
	["ERR_TLS_CERT_ALTNAME_INVALID", { host: "mq.example" }, /does not name mq\.example; .*serverName/],
	["ERR_TLS_CERT_ALTNAME_INVALID", {}, /does not name this host/],
	["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", {}, /asks for a certificate of this process; .*cert and key/],
	[
		"ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
		{},
		/does not accept the certificate of this process, or asks for one \(unknown ca\)/,
	],
	[
		"EPROTO",
		{
			message:
				"write EPROTO 40:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps",
		},
		/does not accept the certificate of this process, or asks for one \(bad certificate\)/,
	],
	["EPROTO", {}, /does not speak TLS on this port/],
	["ERR_SSL_WRONG_VERSION_NUMBER", {}, /does not speak TLS .*, or write amqp:\/\/ to go without/],
	["ERR_OSSL_PEM_NO_START_LINE", {}, /as OpenSSL has it; compare ca, cert and key/],
])("%s %j is told with its remedy", (code, more, sentence) => {
	expect(tlsFault(error(code, more), "write amqp://")).toMatch(sentence);
});

test.each([[error("ECONNREFUSED")], [new Error("no code")], ["a text"]])("%s is no fault of TLS", (other) => {
	expect(tlsFault(other, "write amqp://")).toBeUndefined();
});
