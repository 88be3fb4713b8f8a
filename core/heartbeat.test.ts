import { expect, it } from 'vitest';
import { Heartbeat } from './heartbeat.ts';
import { TimerWheel } from './timer-wheel.ts';

function fixture(confirm = 100) {
  let now = 0;
  const wheel = new TimerWheel(10, () => now);
  const said: string[] = [];
  const heartbeat = new Heartbeat(
    wheel,
    { ping: 1000, pongTimeout: 500, confirm },
    { ping: () => said.push(`ping at ${now}`), lost: () => said.push(`lost at ${now}`) },
  );
  const to = (time: number): void => {
    while (now < time) {
      now += 10;
      wheel.turn();
    }
  };
  return { wheel, heartbeat, said, to };
}

it('pings at its interval as long as pongs come', () => {
  const { heartbeat, said, to } = fixture();
  to(1100);
  expect(heartbeat.answered()).toBe(true);
  to(2100);
  expect(said).toEqual(['ping at 1000', 'ping at 2100']);
});

it('gives a silent peer up when the pong is overdue', () => {
  const { said, to } = fixture();
  to(3000);
  expect(said).toEqual(['ping at 1000', 'lost at 1500']);
});

it('waits on for a peer that talks without answering, as long as it talks', () => {
  const { heartbeat, said, to } = fixture();
  to(1400);
  heartbeat.alive();
  to(1900);
  expect(said).toEqual(['ping at 1000']);
  to(2000);
  expect(said).toEqual(['ping at 1000', 'lost at 2000']);
});

it('takes nothing that was heard before the ping for a sign of life after it', () => {
  const { heartbeat, said, to } = fixture();
  to(990);
  heartbeat.alive();
  to(1500);
  expect(said).toEqual(['ping at 1000', 'lost at 1500']);
});

it('takes a pong for an answer only while a ping is under way', () => {
  const { heartbeat, to } = fixture();
  expect(heartbeat.answered()).toBe(false);
  to(1000);
  expect([heartbeat.answered(), heartbeat.answered()]).toEqual([true, false]);
});

it('pings soon after a delivery, once, and has at most one ping under way', () => {
  const { heartbeat, said, to } = fixture();
  heartbeat.confirmSoon();
  to(50);
  heartbeat.confirmSoon();
  to(100);
  expect(said).toEqual(['ping at 100']);
  heartbeat.confirmSoon();
  heartbeat.whetherAlive(1000, () => {});
  to(300);
  expect(said).toEqual(['ping at 100']);
  heartbeat.answered();
  heartbeat.confirmSoon();
  to(500);
  expect(said).toEqual(['ping at 100', 'ping at 470']);
});

it('a delivery never puts off the ping that is due', () => {
  const { heartbeat, said, to } = fixture(800);
  to(900);
  heartbeat.confirmSoon();
  to(1600);
  expect(said).toEqual(['ping at 1000', 'lost at 1500']);
});

it('pings at once for whoever asks whether the peer is alive', () => {
  const { heartbeat, said, to } = fixture();
  to(20);
  heartbeat.whetherAlive(100, () => {});
  expect(said).toEqual(['ping at 20']);
});

it.each([
  ['a pong', (heartbeat: Heartbeat) => heartbeat.answered(), true],
  ['other traffic', (heartbeat: Heartbeat) => heartbeat.alive(), true],
  ['its end', (heartbeat: Heartbeat) => heartbeat.gone(), false],
])('everybody who asked hears it once: %s', (_what, comes, isAlive) => {
  const { heartbeat, to } = fixture();
  const answers: boolean[] = [];
  heartbeat.whetherAlive(100, (answer) => answers.push(answer));
  heartbeat.whetherAlive(200, (answer) => answers.push(answer));
  comes(heartbeat);
  to(400);
  expect(answers).toEqual([isAlive, isAlive]);
});

it('gives nobody up while reading is paused, and allows the whole time afterwards', () => {
  const { heartbeat, said, to } = fixture();
  to(1000);
  heartbeat.pause();
  to(5000);
  heartbeat.resume();
  to(5490);
  expect(said).toEqual(['ping at 1000']);
  to(5500);
  expect(said).toEqual(['ping at 1000', 'lost at 5500']);
});

it('does nothing more once it is stopped, whatever comes', () => {
  const { wheel, heartbeat, said, to } = fixture();
  to(1000);
  heartbeat.stop();
  expect(heartbeat.answered()).toBe(false);
  heartbeat.alive();
  heartbeat.confirmSoon();
  const answers: boolean[] = [];
  heartbeat.whetherAlive(100, (answer) => answers.push(answer));
  heartbeat.resume();
  expect(answers).toEqual([false]);
  expect(wheel.size).toBe(0);
  to(5000);
  expect(said).toEqual(['ping at 1000']);
});

it('asks those who were told at once at different times, each between one and two intervals later', () => {
  let now = 0;
  const wheel = new TimerWheel(10, () => now);
  const asked: number[] = [];
  const times = { ping: 10_000, pongTimeout: 500, confirm: 100 };
  for (let count = 0; count < 100; count++) {
    const heartbeat = new Heartbeat(wheel, times, { ping: () => asked.push(now), lost: () => {} });
    heartbeat.confirmSoon();
    expect(Number.isInteger(heartbeat.deadline)).toBe(true);
  }
  while (now < 300) {
    now += 10;
    wheel.turn();
  }
  expect(asked).toHaveLength(100);
  expect(asked.every((at) => at >= 100 && at <= 200)).toBe(true);
  const together = Object.values(Object.groupBy(asked, (at) => at)).map((same) => same?.length ?? 0);
  expect(Math.max(...together)).toBeLessThanOrEqual(12);
});
