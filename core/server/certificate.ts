/** The server's certificate, read again when its files change: for new connections, without a word to the old. */
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import type { TlsConfig } from '../../schemas/config.ts';

export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws Error if a file can't be read, or the key is not the certificate's */
export function readCertificate({ certificate, key }: TlsConfig): CertificatePair {
  const pair = { cert: readFileSync(certificate), key: readFileSync(key) };
  // Throws here and not at a client's handshake.
  createSecureContext(pair);
  return pair;
}

export class CertificateWatch {
  readonly #config: TlsConfig;
  readonly #server: Server;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout | undefined;
  #version: string | undefined;
  #reported: string | undefined;

  constructor(config: TlsConfig, server: Server, log: Logger) {
    this.#config = config;
    this.#server = server;
    this.#log = log;
    if (config.watch === null) return;
    // The first look loads the pair again, whatever has changed since the start; each is by name, so that
    // a file that is replaced by renaming, or behind a changed link, is seen too.
    this.#timer = setInterval(() => void this.#look(), config.watch);
    this.#timer.unref();
  }

  /** Takes the pair from its files now. False, and the old pair stays, if that is not possible. */
  reload(): boolean {
    try {
      this.#server.setSecureContext(readCertificate(this.#config));
      this.#log.info({ certificate: this.#config.certificate }, 'certificate loaded');
      return true;
    } catch (error) {
      this.#log.error({ err: error }, 'the certificate could not be loaded: the old one stays');
      return false;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const version = await this.#versionOf();
    // One file may be written before the other: a pair that does not fit is tried again once it has changed.
    if (version === undefined || version === this.#version || version === this.#reported) return;
    if (this.reload()) this.#version = version;
    else this.#reported = version;
  }

  async #versionOf(): Promise<string | undefined> {
    try {
      const files = await Promise.all([stat(this.#config.certificate), stat(this.#config.key)]);
      return files.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(' ');
    } catch {
      return undefined;
    }
  }
}
