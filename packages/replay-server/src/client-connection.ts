import type { WebSocket } from 'ws';
import type { FaultPlan } from './faults/fault-plan.js';
import { Outlet } from './outlet.js';
import type { ClientLink, Market, Publication, VenueClient } from './venues/venue.js';

/** A client of the server: what the venue says to it goes through an outlet, where faults are. */
export class ClientConnection implements ClientLink {
  readonly number: number;
  readonly #plan: FaultPlan;
  readonly #onSubscribed: () => void;
  #outlet: Outlet | undefined;
  #client: VenueClient | undefined;
  #subscribed = false;

  constructor(number: number, plan: FaultPlan, onSubscribed: () => void) {
    this.number = number;
    this.#plan = plan;
    this.#onSubscribed = onSubscribed;
  }

  /** @returns whether the venue has something at this path */
  find(market: Market, url: URL): boolean {
    this.#client = market.client(this, url);
    return this.#client !== undefined;
  }

  /** The handshake is done. */
  open(socket: WebSocket): void {
    const outlet = this.#outlet = new Outlet(socket, this.#plan, this.number);
    socket.on('message', (data, isBinary) => {
      // Messages come whole, as one Buffer: the server asks for no other form.
      if (!isBinary && !outlet.over) this.#client?.message((data as Buffer).toString('utf8'));
    });
    socket.on('ping', (data) => {
      if (!outlet.over) socket.pong(data);
    });
    // What a broken client sends closes its connection; there is nothing else to do about it.
    socket.on('error', () => outlet.terminate());
    this.#client?.opened();
  }

  get waiting(): number {
    return this.#outlet?.waiting ?? 0;
  }

  /** Whether it takes frames: it has subscribed, and hears what is sent. */
  get takes(): boolean {
    return this.#subscribed && this.#outlet?.over === false;
  }

  publish(publication: Publication): void {
    this.#client?.publish(publication);
  }

  say(text: string): void {
    this.#outlet?.say(text);
  }

  frame(text: string, publication: Publication): void {
    this.#outlet?.frame(text, publication);
  }

  refused(topic: string): boolean {
    const refuses = this.#plan.request('refuse-subscriptions', this.number) !== undefined;
    if (refuses) this.#plan.recordRequest('refuse-subscriptions', this.number, topic);
    return refuses;
  }

  subscribed(): void {
    this.#subscribed = true;
    this.#onSubscribed();
  }

  flush(): void {
    this.#outlet?.flush();
  }

  close(code: number, reason?: string): void {
    this.#outlet?.close(code, reason);
  }

  terminate(): void {
    this.#outlet?.terminate();
  }
}
