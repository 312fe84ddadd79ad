/*
 * The bell: who is about to sleep until the next record, and who publishes it. README.md says which line of the code each step
 * is.
 *
 * Sleeper 0 is a thread of the process that writes first (local-bell.ts), sleeper 1 a process of its own (futex); with
 * THREADS_ONLY or PROCESSES_ONLY both are of one kind. The publisher has a store buffer, as x64 has: its loads may be performed before its earlier stores are seen.
 *
 *   SUCCESSOR_THREAD   the thread that writes is killed at any moment; another one of its process attaches the handle
 *   SUCCESSOR_OPENS    the first writer closes; one of another process opens the feed and goes on
 *   SUCCESSOR_RECOVERS the first writer's process is killed, with its threads; the next one finds the feed as it was left
 *   KILL_SLEEPER       sleeper 1 may be killed at any moment
 */
#if defined(SUCCESSOR_THREAD) || defined(SUCCESSOR_OPENS) || defined(SUCCESSOR_RECOVERS)
#define SUCCESSOR
#define RECORDS 1       /* of the first writer */
#else
#define RECORDS 2
#endif
#define RECORDS_MORE 1  /* of its successor */
#define SLEEPERS 2
#if defined(THREADS_ONLY)
#define ACROSS(i) false
#elif defined(PROCESSES_ONLY)
#define ACROSS(i) true
#else
#define ACROSS(i) (i == 1)  /* in a process of its own */
#endif
#define THREADS 1
#define PROCESSES 2

byte head = 0;      /* as everybody sees it */
byte stored = 0;    /* as the publisher has stored it: what lies between is in its store buffer */
byte word = 0;      /* the bits, in the bell's file */
byte wakes = 0;     /* the count of wake-ups beside them */
byte wakes_here = 0;/* LOCAL_BELL.WAKES of the first writer's process */
bool writer_here = true; /* LOCAL_BELL.WRITERS */
bool killed[SLEEPERS];
bool writer_killed = false;
bool gone = false;  /* the first writer writes no more */

/* Ghosts. */
bool asleep[SLEEPERS];
byte taken[SLEEPERS];
bool across[SLEEPERS]; /* asleep on the futex */
#define missed(i) (asleep[i] && taken[i] < head)

/* An instruction with a fence: the store buffer is empty behind it. */
#define fence head = stored

inline wake_here() {
  atomic { fence; wakes_here++ };                 /* Atomics.add */
  d_step {                                        /* Atomics.notify */
    if :: !across[0] -> asleep[0] = false :: else fi;
    if :: !across[1] -> asleep[1] = false :: else fi
  }
}

inline wake_processes() {
  atomic { fence; wakes++ };                      /* Atomics.add */
  d_step {                                        /* futexWakeAll */
    if :: across[0] -> asleep[0] = false :: else fi;
    if :: across[1] -> asleep[1] = false :: else fi
  }
}

/* Bell.ring, of a writer that does or does not live in the first process */
inline ring(here) {
#ifdef BUG_WAKE_BEFORE_SWAP
  bits = word;
  if
  :: bits & THREADS && here -> wake_here()
  :: else
  fi;
  if
  :: bits & PROCESSES -> wake_processes()
  :: else
  fi;
  atomic { fence; word = 0 };
#else
  atomic { fence; bits = word; word = 0 };        /* Atomics.exchange */
  if
  :: bits & THREADS && here -> wake_here()
  :: else
  fi;
  if
  :: bits & PROCESSES -> wake_processes()
  :: else
  fi;
#endif
  bits = 0
}

inline ring_for_all(here) {
  atomic { fence; word = 0 };                     /* Atomics.store */
  if
  :: here -> wake_here()
  :: else
  fi;
  wake_processes()
}

inline publish(here) {
  stored++;                                       /* this.head[0] = next */
  if
  :: word != 0 -> ring(here)                      /* this.bellWord[0] */
  :: else
  fi
}

/* The processor empties the store buffer whenever it likes; also that of a thread that has been killed. */
active proctype buffer() {
end:
  do
  :: atomic { head < stored -> head++ }
  od
}

active proctype writer() {
  byte bits;
  {
    do
    :: stored < RECORDS -> publish(true)
    :: else -> break
    od;
#ifdef SUCCESSOR_OPENS
    /* Closing: setLocalWriter, and only then the feed's lock */
    atomic { fence; writer_here = false };
    wake_here()
#endif
  } unless { writer_killed };
  gone = true
}

#ifdef SUCCESSOR
active proctype successor() {
  byte bits, i;
  gone;
#ifdef SUCCESSOR_THREAD
#define HERE true
  fence; /* the kernel ends a thread, and begins another */
#ifndef BUG_INHERIT_IN_SILENCE
  ring_for_all(HERE);
#endif
#else
#define HERE false
#ifndef BUG_OPEN_IN_SILENCE
  ring_for_all(HERE);
#endif
#endif
  i = stored + RECORDS_MORE;
  do
  :: stored < i -> publish(HERE)
  :: else -> break
  od
}
#endif

#if defined(SUCCESSOR_THREAD) || defined(SUCCESSOR_RECOVERS)
active proctype killer() {
#ifdef SUCCESSOR_RECOVERS
  d_step { killed[0] = !ACROSS(0); killed[1] = !ACROSS(1); writer_killed = true }
#else
  writer_killed = true
#endif
}
#endif

#ifdef KILL_SLEEPER
active proctype sleeper_killer() { killed[1] = true }
#endif

/* Parking.#sleep and Bell.sleep, of whoever has just looked at the head in vain */
inline sleep() {
  elsewhere = ACROSS(me) || !writer_here;
#ifndef BUG_COUNT_LATE
  seen = (elsewhere -> wakes : wakes_here); /* both are looked at, one is slept on */
#endif
#ifdef BUG_LOOK_BEFORE_BIT
  if
  :: head > taken[me] -> goto awake
  :: else
  fi;
#endif
  word = word | (elsewhere -> PROCESSES : THREADS); /* Atomics.or */
#ifndef BUG_NO_MEMBARRIER
  fence;                                            /* membarrier: on the publisher */
#endif
#ifndef BUG_LOOK_BEFORE_BIT
  if
  :: head > taken[me] || elsewhere != (ACROSS(me) || !writer_here) -> goto awake
  :: else
  fi;
#endif
#ifdef BUG_COUNT_LATE
  seen = (elsewhere -> wakes : wakes_here); /* both are looked at, one is slept on */
#endif
  /* The kernel compares and puts to sleep in one step. */
  atomic {
    if
#ifdef BUG_SLEEP_ON_BITS
    :: elsewhere && (word & PROCESSES) -> across[me] = true; asleep[me] = true
    :: elsewhere && !(word & PROCESSES) -> goto awake
#else
    :: elsewhere && wakes == seen -> across[me] = true; asleep[me] = true
    :: elsewhere && wakes != seen -> goto awake
#endif
    :: !elsewhere && wakes_here == seen -> asleep[me] = true
    :: !elsewhere && wakes_here != seen -> goto awake
    fi
  }
end_asleep:
  !asleep[me];
awake:
  atomic { across[me] = false; seen = 0; elsewhere = false }
}

proctype sleeper(byte me) {
  byte seen;
  bool elsewhere;
  {
    do
    :: head > taken[me] -> taken[me] = head
    :: head <= taken[me] -> sleep()
    od
  } unless { killed[me] };
  asleep[me] = false
}

init { atomic { run sleeper(0); run sleeper(1) } }

/* Nothing more can happen. */
active proctype watch() {
end:
  timeout;
  assert(!missed(0) && !missed(1))
}

#ifdef LIVE
ltl woken { [] ((missed(0) -> <> !missed(0)) && (missed(1) -> <> !missed(1))) }
#endif
