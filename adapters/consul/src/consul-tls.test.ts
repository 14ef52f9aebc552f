import { Authority } from "@allium/node/certificates";
import { registryTlsSuite } from "@allium/testing/registry-suite";
import { consulServer, describeServer } from "@allium/testing/servers";
import { registry } from "./index.ts";

describeServer("consul", (file) => {
	const plain = consulServer({ file });
	registryTlsSuite({
		scheme: "consul",
		registry,
		authority: Authority.create(),
		tlsPort: 5,
		server: ({ ca, serverCert, serverKey }) => ({
			...plain,
			ports: 6,
			args: (place) => {
				const settings = {
					ports: { https: place.ports[5] },
					ca_file: ca,
					cert_file: serverCert,
					key_file: serverKey,
					verify_incoming_https: true,
				};
				return [...plain.args(place), "-hcl", JSON.stringify(settings)];
			},
		}),
		withoutCertificate: /or asks for one \(bad certificate\)/,
		withoutTls: /it does not speak TLS on this port; name another port, or leave out "\+tls" to go without/,
		tlsAlone: /takes TLS only: write consul\+tls:\/\/ in its URL$/,
	});
});
