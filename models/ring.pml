/*
 * Publishing into the ring, and validated reading of it (rules 1 and 3 of ARCHITECTURE). README.md says which line of the code
 * each step is.
 *
 *   PERSIST   a persisted feed: the ring is not overwritten before the tail has passed (rule 4); otherwise a memory feed
 *   WEAK      a processor that reorders plain stores with each other and with earlier atomic ones (not x64)
 *   KILL      the writer may be killed between any two stores; a successor settles the head and goes on
 */
#ifdef PERSIST
#define N 4         /* slots; less than half of L, as slotCount is less than 2^31 */
#define L 16        /* values of LOW: 2^32 in the code */
#define BASE 13     /* the first number: a few before LOW wraps */
#ifndef END
#define END 18      /* the number after the last: more than a lap, and the wrap */
#endif
#else
#define N 4
#define L 4
#define BASE 2
#ifndef END
#define END 10      /* two wraps, two laps */
#endif
#endif
#define RUN 1       /* rows published at once, at most: an eighth of the ring in the code, a fourth here */
#define MAX 2       /* rows that a reader takes at once */

#ifdef BUG_NO_EIGHTH
#define SAFE N
#else
#define SAFE (N - RUN)
#endif
#ifdef BUG_LONG_RUNS
#define RUN_MAX (2 * RUN)
#else
#define RUN_MAX RUN
#endif
#define UNKNOWN 255 /* the kernel's u64.MAX_VALUE */

/* Memory, word by word. Two cells of a row can be torn from each other. */
#define CELL(sequence, i) (2 * ((sequence) % N) + (i))
#define LOW (2 * N)
#define HIGH_A (2 * N + 1)
#define HIGH_B (2 * N + 2)
#define TAIL (2 * N + 3) /* its three words are those of the head over again; here one word, see README */
byte mem[2 * N + 4];

byte published = BASE;  /* ghost: the head as LOW says it */
bool killed = false;
bool settled = true;    /* whether a writer (the first, or the successor) is at work */

/* A store of the writer becomes visible. The moment LOW does, the rows are published. */
inline visible(a, v) {
  d_step {
    mem[a] = v;
    if
    :: a == LOW -> published = published + ((v + L - published % L) % L)
    :: else
    fi
  }
}

#ifdef WEAK
/* Stores that the writer has made and nobody sees yet, in program order. */
#define B 6
byte at[B], value[B], pending = 0;

inline store(a, v) {
  d_step { pending < B -> at[pending] = a; value[pending] = v; pending++ }
}
/* An atomic load behind an atomic store is not performed before it, and nothing behind the load before the load. */
#define FENCED (pending == 0)

proctype memory() {
  byte i, j;
end:
  do
  :: atomic {
       pending > 0 ->
       i = 0;
       /* Any store but: one over an earlier one to the same word, an atomic one over any earlier one. */
       do
       :: i + 1 < pending -> i++
       :: break
       od;
       j = 0;
       do
       :: j < i && (at[i] >= LOW || at[j] == at[i]) -> i = B; break
       :: j < i && !(at[i] >= LOW || at[j] == at[i]) -> j++
       :: j == i -> break
       od;
       if
       :: i == B
       :: i < B ->
          mem[at[i]] = value[i];
          if
          :: at[i] == LOW -> published = published + ((value[i] + L - published % L) % L)
          :: else
          fi;
          do
          :: i + 1 < pending -> at[i] = at[i + 1]; value[i] = value[i + 1]; i++
          :: else -> break
          od;
          pending--; at[pending] = 0; value[pending] = 0
       fi;
       i = 0; j = 0
     }
  od
}
#else
/* x64: stores become visible in order. Nobody else writes what the writer loads, so its store buffer only delays it. */
inline store(a, v) { visible(a, v) }
#define FENCED true
#endif

/* storePosition and publishWrap: one store, or three where the high part changes. */
inline store_head(v) {
  if
  :: (v) / L == hi -> store(LOW, (v) % L)
  :: else ->
     hi = (v) / L;
#ifdef BUG_HIGH_LATE
     store(LOW, (v) % L);
     store(HIGH_B, hi);
#else
     store(HIGH_B, hi);
     store(LOW, (v) % L);
#endif
     store(HIGH_A, hi)
  fi
}

/* loadPosition */
inline load_head(h) {
  g = published;
  do
  :: a = mem[HIGH_A];
     lo = mem[LOW];
     b = mem[HIGH_B];
     if
     :: b == a -> h = a * L + lo; break
     :: else ->
        lo = mem[LOW];
        if
        :: mem[HIGH_A] == a -> h = (lo >= L / 2 -> a : b) * L + lo; break
        :: else
        fi
     fi
  od;
  assert(g <= h && h <= published); /* one that was published, and while it was loaded */
  g = 0; a = 0; b = 0; lo = 0
}

/* head() of the kernels */
inline load_head_kernel(h) {
  g = published;
  a = mem[HIGH_A];
  lo = mem[LOW];
  h = (mem[HIGH_B] == a -> a * L + lo : UNKNOWN);
  assert(h == UNKNOWN || (g <= h && h <= published));
  g = 0; a = 0; lo = 0
}

proctype writer() {
  byte head = BASE, hi = BASE / L, rows, i;
#ifdef PERSIST
  byte tail_seen = BASE % L; /* tailLo */
#endif
  byte g, a, b, lo;
write:
  {
    do
    :: head == END -> break
    :: head < END ->
       if
       :: rows = 1
       :: RUN_MAX > 1 && head + 1 < END -> rows = 2
       fi;
#if defined(PERSIST) && !defined(BUG_NOT_GATED)
       /* makeRoom: by the low words, then by all of the tail */
       if
       :: (head + L - tail_seen) % L >= N -> atomic { head - mem[TAIL] < N -> tail_seen = mem[TAIL] % L }
       :: else
       fi;
#endif
#ifdef BUG_HEAD_FIRST
       store_head(head + rows);
#endif
       i = 0;
       do
       :: i < rows ->
          store(CELL(head + i, 0), head + i);
          store(CELL(head + i, 1), head + i);
          i++
       :: else -> break
       od;
#ifndef BUG_HEAD_FIRST
       store_head(head + rows);
#endif
       head = head + rows;
#ifndef BUG_NO_BELL_LOOK
       FENCED -> skip  /* Atomics.load(bell) */
#endif
    od
  } unless { killed && settled };
#ifdef KILL
  if
  :: killed ->
     /* Ring.settleHead, then the constructor of RowWriter */
     settled = false;
     a = mem[HIGH_A];
     b = mem[HIGH_B];
     if
     :: a != b ->
        load_head(head);
        hi = UNKNOWN;
        store_head(head)
     :: else
     fi;
     load_head(head);
     hi = head / L;
     killed = false;
     settled = true;
     goto write
  :: else
  fi
#endif
}

#ifdef KILL
proctype killer() { killed = true }
#endif

#ifdef BUG_SETTLE_LIVE
/* A keeper's successor that settles the head while the writer lives. */
proctype settler() {
  byte h, g, a, b, lo, hi = UNKNOWN;
  a = mem[HIGH_A];
  b = mem[HIGH_B];
  if
  :: a != b -> load_head(h); store_head(h)
  :: else
  fi
}
#endif

#ifdef PERSIST
/* The ingest worker: what is in a chunk leaves the ring. */
proctype lane() {
  do
  :: mem[TAIL] == END -> break
  :: atomic {
       published > mem[TAIL] ->
       assert(mem[CELL(mem[TAIL], 0)] == mem[TAIL] && mem[CELL(mem[TAIL], 1)] == mem[TAIL]);
       mem[TAIL] = mem[TAIL] + 1
     }
  od
}
#endif

/* Copies rows [from, from + rows); bad where a cell is not what was published there. */
inline copy(from, rows) {
  i = 0;
  do
  :: i < 2 * rows -> bad = bad || mem[CELL(from + i / 2, i % 2)] != from + i / 2; i++
  :: else -> break
  od
}

#ifdef BUG_PLAIN_COPY
/* Plain loads, which a weak processor may perform after the atomic load of the head behind them. */
#define COPY_AND_LOAD(from, rows, load, h) if :: copy(from, rows); load(h) :: load(h); copy(from, rows) fi
#else
#define COPY_AND_LOAD(from, rows, load, h) copy(from, rows); load(h)
#endif

inline accept(from, rows) {
  assert(!bad);                    /* never torn, never another row */
  assert(from == told);            /* in order, none twice, and whatever is left out was counted as lost */
  told = told + rows;
  next = from + rows
}

/* RingTaker.take by the kernel, then what Follower does about rows that are not to be had like this. */
proctype reader() {
  byte next = BASE;
  byte told = BASE; /* ghost: records below have been given, or counted as lost */
  byte h, from, rows, i, d, g, a, b, lo;
  bool bad;
  do
  :: next == END -> break
  :: next < END ->
     /* take */
     lo = mem[LOW];
     if
     :: lo == next % L -> if :: mem[HIGH_B] == next / L -> lo = 0; goto again :: else fi
     :: else ->
        load_head_kernel(h);
#ifdef BUG_LOW_WORDS
        h = (h == UNKNOWN -> h : next + (h + L - next % L) % L);
#endif
        if
        :: ((h - next) & 255) > SAFE
        :: else ->
           rows = (h - next > MAX -> MAX : h - next);
           COPY_AND_LOAD(next, rows, load_head_kernel, h);
#ifdef BUG_LOW_WORDS
           h = (h == UNKNOWN -> h : next + (h + L - next % L) % L);
#endif
           if
#ifndef BUG_NO_VALIDATION
           :: ((h - next) & 255) > SAFE
#endif
           :: else -> accept(next, rows); goto again
           fi
        fi
     fi;
     /* takeBehind */
     d = N;
     do
     :: bad = false; lo = 0;
        load_head(h);
        from = next;
        if
        :: from >= h -> break
        :: else
        fi;
        if
        :: from + SAFE < h || d < N ->
#ifdef PERSIST
           if
           :: mem[TAIL] > from -> d = 0; break /* LAPPED: the rows are in chunks */
           :: else
           fi
#else
           if :: from + SAFE < h -> from = h - SAFE :: else fi;
           if :: from + d < h -> from = h - d :: else fi;
           told = told + (from - next);
           next = from
#endif
        :: else
        fi;
        rows = (h - from > MAX -> MAX : h - from);
        COPY_AND_LOAD(from, rows, load_head, h);
        if
        :: from + SAFE >= h -> accept(from, rows); break
        :: else ->
#ifdef PERSIST
           if
           :: mem[TAIL] <= from -> accept(from, rows)
           :: else -> d = 0
           fi;
           break
#endif
        fi;
        d = (d > 1 -> d / 2 : 1)
     od;
#ifdef PERSIST
     if
     :: d == 0 -> h = mem[TAIL]; told = told + (h - next); next = h /* from chunks */
     :: else
     fi;
#endif
again:
     bad = false; h = 0; from = 0; rows = 0; i = 0; d = 0; a = 0; b = 0; lo = 0; g = 0
  od;
  assert(told == END)
}

init {
  atomic {
    mem[LOW] = BASE % L;
    mem[HIGH_A] = BASE / L;
    mem[HIGH_B] = BASE / L;
    mem[TAIL] = BASE;
    run writer();
    run reader();
#ifdef WEAK
    run memory();
#endif
#ifdef PERSIST
    run lane();
#endif
#ifdef KILL
    run killer();
#endif
#ifdef BUG_SETTLE_LIVE
    run settler();
#endif
  }
}
