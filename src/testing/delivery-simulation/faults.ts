import type { SimulatedBroker } from "./broker.ts";
import { randomStep, type SimulatedMember } from "./member.ts";
import type { SimulatedWarehouse } from "./warehouse.ts";
import type { World } from "./world.ts";

/** Topics that are deleted in one schedule at most. */
const DELETIONS_MAX = 2;

export interface FaultScene {
  world: World;
  broker: SimulatedBroker;
  warehouse: SimulatedWarehouse;
  partitions: number;
  membersMax: number;
  /** Longest time for which a process is stopped. */
  stopMsMax: number;
  members(): readonly SimulatedMember[];
  start(): void;
  remove(member: SimulatedMember): void;
  /** One process more or less stands still. */
  onStopped(change: 1 | -1): void;
}

/** What can happen to a member of the group, or to what it works with, by its name. */
export function faultsOf(scene: FaultScene): Record<string, (member: SimulatedMember) => void> {
  const { world, broker, warehouse, partitions, start, remove } = scene;
  const { random } = world;
  let deletions = 0;
  const kill = (member: SimulatedMember) => {
    member.kill();
    remove(member);
    world.after(random.between(0, 500), start);
  };
  const stop = (member: SimulatedMember) => {
    member.life.stop();
    scene.onStopped(1);
    world.after(random.between(20, scene.stopMsMax), () => {
      member.life.resume();
      scene.onStopped(-1);
    });
  };
  return {
    kill,
    stop,
    killAtStep(member) {
      member.ambush = { step: randomStep(world), count: random.between(1, 4), act: () => kill(member) };
    },
    stopAtStep(member) {
      member.ambush = { step: randomStep(world), count: random.between(1, 4), act: () => stop(member) };
    },
    leave(member) {
      remove(member);
      void member.leave();
      world.after(random.between(0, 500), start);
    },
    join() {
      if (scene.members().length < scene.membersMax) start();
    },
    leaderMove(member) {
      void member.joinAnew();
    },
    expiry() {
      broker.expireRecords(random.between(0, partitions - 1));
    },
    deletion() {
      // The last one stays, so that there is something to read.
      const partition = random.between(0, partitions - 2);
      if (deletions === DELETIONS_MAX || broker.logs[partition]!.isDeleted) return;
      deletions += 1;
      broker.deleteTopic(partition);
      for (const member of scene.members()) world.after(random.between(0, 1_000), () => void member.joinAnew());
    },
    outage() {
      warehouse.downUntilMs = world.nowMs + random.between(50, 800);
    },
  };
}
