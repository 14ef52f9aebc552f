import { Authority } from "@allium/node/certificates";
import { registryTlsSuite } from "@allium/testing/registry-suite";
import { describeServer, etcdServer } from "@allium/testing/servers";
import { registry } from "./index.ts";

describeServer("etcd", (file) => {
	const plain = etcdServer({ file });
	registryTlsSuite({
		scheme: "etcd",
		registry,
		authority: Authority.create(),
		tlsPort: 2,
		server: ({ ca, serverCert, serverKey }) => ({
			...plain,
			ports: 3,
			args: (place) => {
				const clients = `http://127.0.0.1:${place.ports[0]},https://127.0.0.1:${place.ports[2]}`;
				return [
					...plain.args(place),
					...["--listen-client-urls", clients, "--advertise-client-urls", clients],
					...[`--cert-file=${serverCert}`, `--key-file=${serverKey}`],
					...[`--trusted-ca-file=${ca}`, "--client-cert-auth"],
				];
			},
		}),
		withoutCertificate: /or asks for one \(bad certificate\)/,
		withoutTls: /if it does not speak TLS, leave out "\+tls"/,
		tlsAlone: /takes TLS only, ask for TLS in its URL$/,
	});
});
