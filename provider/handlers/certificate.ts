// What a leaf keeps of the certificate that ends first, and when that alone is a reason for an update.
import { z } from "zod";
import { renewalDue, type Soonest } from "../kubeadm/certificates";

/** Of the control plane's certificates the one that ends first; absent in states of before. */
export const certificateOutput = { certificate: z.object({ ends: z.string(), validity: z.number() }).optional() };
export type CertificateOutput = z.infer<z.ZodObject<typeof certificateOutput>>;

/** Outputs with an undefined in them cannot be told to the engine. */
export function certificateOf(certificate: Soonest | undefined): CertificateOutput {
  return certificate ? { certificate } : {};
}

interface Renewed {
  certificates?: { renewBefore?: number | undefined } | undefined;
}

/** By the state and the clock alone: an `up` without a refresh notices too. */
export function certificateDue(known: { outputs: unknown }, news: Renewed, now: number): string | undefined {
  const { certificate } = z.object(certificateOutput).parse(known.outputs);
  if (!certificate || !renewalDue(certificate, news.certificates?.renewBefore, now)) return undefined;
  return `a certificate of the control plane ends at ${certificate.ends}: its renewal is due`;
}
