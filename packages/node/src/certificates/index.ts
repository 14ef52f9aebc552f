// Certificates for development and tests: @allium/node/certificates.

export { Authority, type AuthorityOptions, type CertificatePair, type IssueOptions } from "./authority.ts";
