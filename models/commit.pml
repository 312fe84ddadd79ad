/*
 * Rows on their way from the ring into chunks, and what is left of them when somebody dies. README.md says which line of the
 * code each step is.
 *
 *   KILL_PROCESS  writer, ingest worker and keeper die together at any moment; the next process opens the feed
 *   KILL_INGEST   the ingest worker alone dies; the keeper goes on (KeeperLane.reopen), and the writer writes all the while
 *   KILL_KEEPER   the keeper dies, the ingest worker is ended wherever it is, and the feed is opened anew under a living writer
 *   KILLS         how many times, 1 or 2: the second one may come in the middle of recovery
 *
 * All the while a reader takes cuts.
 */
#define RECORDS 3
#define SLOTS 2
#define CAPACITY 2      /* rows of a chunk */
#define CHUNKS 6
#ifndef KILLS
#define KILLS 1
#endif

#define PREPARED 1      /* CHUNK_STATE */
#define ACTIVE 2        /* and ENTRY_STATE */
#define SEALED 3

/* The ring. A record is its number. */
byte slot[SLOTS], head = 0, tail = 0;

/* Chunk files. */
typedef Chunk { byte state, first, committed, sealed_rows, row[CAPACITY] };
Chunk chunk[CHUNKS];

/* The catalog. */
typedef Entry { byte id, first, state, rows };
Entry entry[CHUNKS];
byte count = 0;

/* What keeper and ingest worker have in hand: gone with the process. */
byte prepared = 0;      /* id + 1 of the chunk that is ready */
byte next_id = 0;
chan seals = [4] of { byte, byte, byte };  /* chunk, entry, rows */

bool writer_dies = false, lane_dies = false, keeper_dies = false, died = false;
bool writer_gone = false, lane_gone = false, keeper_gone = false;

/* With accidents, the reader begins after the death, and what it does about chunks takes one step, copying from the ring another, and publishing a record one, to bound the number of states. */
#if defined(KILL_PROCESS) || defined(KILL_INGEST) || defined(KILL_KEEPER)
#define AT_ONCE atomic
#define BEGINS died
#else
#define AT_ONCE
#define BEGINS true
#endif

#ifdef KILL_INGEST
#define SEAL_AT_ONCE atomic  /* the keeper lives */
#else
#define SEAL_AT_ONCE
#endif

/* RowWriter: a slot, then the head */
proctype writer() {
  {
    do
    :: head < RECORDS ->
#ifndef BUG_NOT_GATED
       head - tail < SLOTS;
#endif
       AT_ONCE { slot[head % SLOTS] = head; head++ }
    :: else -> break
    od
  } unless { writer_dies };
  writer_gone = true
}

/* Lane.#activate */
inline activate() {
  prepared != 0;
  c = prepared - 1;
  d_step { chunk[c].first = done; chunk[c].committed = 0 };
  chunk[c].state = ACTIVE;
  d_step { entry[count].id = c; entry[count].first = done; entry[count].state = ACTIVE };
#ifndef BUG_ENTRY_LATE
  d_step { e = count; count++ };
#else
  e = count;
#endif
  prepared = 0;
  rows = 0;
  open = true
}

/* Lane.#move */
proctype lane() {
  byte done, c, e, rows, n, i, h;
  bool open = false;
  done = tail;
  {
    do
    :: done == RECORDS -> break
    :: head > done ->
       h = head;
       if
       :: !open -> activate()
       :: open && rows == CAPACITY -> seals!c, e, rows; d_step { open = false; c = 0; e = 0; rows = 0 }; goto again
       :: else
       fi;
       n = (h - done > CAPACITY - rows -> CAPACITY - rows : h - done);
#ifdef BUG_COMMIT_FIRST
       chunk[c].committed = rows + n;
#endif
       /* #gather and #write */
       d_step {
         i = 0;
         do
         :: i < n -> chunk[c].row[rows + i] = slot[(done + i) % SLOTS]; i++
         :: else -> break
         od
       };
#ifdef BUG_TAIL_FIRST
       tail = done + n;
#endif
       /* #commit */
       rows = rows + n;
#ifndef BUG_COMMIT_FIRST
       chunk[c].committed = rows;
#endif
       done = done + n;
       tail = done;
#ifdef BUG_ENTRY_LATE
       if :: count == e -> count++ :: else fi;
#endif
again:
       n = 0; i = 0; h = 0
    od;
    if
    :: open -> seals!c, e, rows; open = false
    :: else
    fi
  } unless { lane_dies };
  d_step { lane_gone = true; done = 0; c = 0; e = 0; rows = 0; n = 0; i = 0; h = 0; open = false }
}

/* KeeperLane.seal: finishSeal, then the entry */
inline seal(c, e, rows) {
  SEAL_AT_ONCE {
  if
  :: chunk[c].state == SEALED
  :: else ->
#ifdef BUG_SEALED_FIRST
     chunk[c].state = SEALED;
     chunk[c].sealed_rows = rows
#else
     chunk[c].sealed_rows = rows;
     chunk[c].state = SEALED
#endif
  fi;
#ifdef BUG_ENTRY_SEALED_FIRST
  entry[e].state = SEALED;
  entry[e].rows = rows
#else
  entry[e].rows = rows;
  entry[e].state = SEALED
#endif
  }
}

inline prepare() {
  d_step { chunk[next_id].state = PREPARED; chunk[next_id].committed = 0; next_id++; prepared = next_id }
}

proctype keeper() {
  byte c, e, rows;
  {
end:
    do
    :: seals?c, e, rows -> seal(c, e, rows); d_step { c = 0; e = 0; rows = 0 }
    :: prepared == 0 && tail < RECORDS -> prepare()
    od
  } unless { keeper_dies };
  d_step { keeper_gone = true; c = 0; e = 0; rows = 0 }
}

/* openFeed: closeLeftovers, openLeftover, and the leftovers to be sealed. Whatever was in hand is gone. */
inline open_feed() {
  d_step {
    do :: seals?c, e, rows :: empty(seals) -> break od;
    prepared = 0; c = 0; e = 0; rows = 0
  };
  /* Past the last entry: chunks that were activated and are not listed, and those that were only prepared. */
  c = (count == 0 -> 0 : entry[count - 1].id + 1);
  next_id = c;
  do
  :: c < CHUNKS && chunk[c].state != 0 ->
     if
     :: chunk[c].state == ACTIVE && chunk[c].committed > 0 ->
        d_step { entry[count].id = c; entry[count].first = chunk[c].first; entry[count].state = ACTIVE };
        count++;
        next_id = c + 1
     :: else -> chunk[c].state = 0
     fi;
     c++
  :: else -> break
  od;
  /* From the last sealed one on: how many rows each has. */
  end = 0;
  e = 0;
  do
  :: e < count ->
     c = entry[e].id;
     if
     :: entry[e].state == SEALED -> end = entry[e].first + entry[e].rows
     :: else -> end = chunk[c].first + chunk[c].committed; seals!c, e, chunk[c].committed
     fi;
     e++
  :: else -> break
  od;
#ifndef BUG_TAIL_LEFT
  tail = end;
#endif
#ifdef BUG_RING_FORGOTTEN
  tail = head;
#endif
  prepare()
}

/* KeeperLane.reopen */
inline reopen() {
  empty(seals); /* catchUp, idle */
  /* One step: nobody else changes what it looks at, and the keeper, whose thread it is in, does nothing else meanwhile. */
  atomic {
  end = tail;
  e = 0;
  do
  :: e < count ->
     c = entry[e].id;
     if
     :: entry[e].state == ACTIVE ->
#ifndef BUG_TAIL_LEFT
        end = (chunk[c].first + chunk[c].committed > end -> chunk[c].first + chunk[c].committed : end);
#endif
        if :: prepared == c + 1 -> prepared = 0 :: else fi;
        seals!c, e, chunk[c].committed
     :: else
     fi;
     e++
  :: else -> break
  od
  };
  tail = end;
  if :: prepared == 0 -> prepare() :: else fi
}

#if defined(KILL_PROCESS) || defined(KILL_INGEST) || defined(KILL_KEEPER)
#if KILLS > 1
bool dies_again = false;
active proctype accident_again() { writer_dies -> dies_again = true }
#endif

proctype accident() {
  byte c, e, rows, end;
#if defined(KILL_PROCESS)
  d_step { writer_dies = true; lane_dies = true; keeper_dies = true; died = true };
  writer_gone && lane_gone && keeper_gone;
#if KILLS > 1
  { open_feed() } unless { dies_again };
  dies_again = true;
  d_step { c = 0; e = 0; rows = 0; end = 0 };
#endif
  open_feed();
  d_step { writer_dies = false; lane_dies = false; keeper_dies = false; writer_gone = false; lane_gone = false; keeper_gone = false; c = 0; e = 0; rows = 0; end = 0 };
  run writer(); run lane(); run keeper()
#elif defined(KILL_INGEST)
  d_step { lane_dies = true; died = true };
  lane_gone;
  reopen();
  d_step { lane_dies = false; lane_gone = false };
  d_step { c = 0; e = 0; rows = 0; end = 0 };
  run lane()
#else
  d_step { lane_dies = true; keeper_dies = true; died = true };
  lane_gone && keeper_gone;
  open_feed();
  d_step { lane_dies = false; keeper_dies = false; lane_gone = false; keeper_gone = false; c = 0; e = 0; rows = 0; end = 0 };
  run lane(); run keeper()
#endif
}
#endif

/* rowsOf */
inline rows_of(e) {
  if
  :: entry[e].state == SEALED -> n = entry[e].rows
  :: else ->
     if
     :: chunk[entry[e].id].state == SEALED -> n = chunk[entry[e].id].sealed_rows
     :: else -> n = chunk[entry[e].id].committed
     fi
  fi
}

/* One cut, taken at any moment: takeCut, the rows of its chunks, and copyFromRing */
proctype reader() {
  byte t, h, k, end, n, e, i;
  bool bad;
  BEGINS;
#ifdef BUG_CUT_CATALOG_FIRST
     k = count;
     end = 0;
     if :: k > 0 -> rows_of(k - 1); end = entry[k - 1].first + n :: else fi;
     t = tail;
     h = head;
     AT_ONCE {
#else
     t = tail;
     h = head;
     AT_ONCE {
     k = count;
     end = 0;
     if :: k > 0 -> rows_of(k - 1); end = entry[k - 1].first + n :: else fi;
#endif
     assert(end >= t);                     /* else the reader says DW_FILE_CORRUPT */
     d_step { end = (end < h -> end : h); t = 0; n = 0 }; /* chunksEnd */
     /* chunkRefs: rows [0, end) */
     e = 0; i = 0;
     do
     :: e < k ->
        assert(i >= end || entry[e].first == i); /* neither a hole nor a row twice */
        if
        :: entry[e].first < end ->
           rows_of(e);
           d_step {
             n = (n > end - entry[e].first -> end - entry[e].first : n);
             do
             :: n > 0 ->
                assert(chunk[entry[e].id].row[i - entry[e].first] == i);
                i++; n--
             :: else -> break
             od
           }
        :: else
        fi;
        e++
     :: else -> break
     od;
     assert(i == end)                      /* every one of them */
     };
     d_step { t = end; k = 0; e = 0; n = 0 };
     AT_ONCE {
     do
     :: i < h -> bad = bad || slot[i % SLOTS] != i; i++
     :: else -> break
     od
     };
     assert(!bad || (t < h && tail > t));   /* or the cut is taken again: it is in chunks by now */
     d_step { t = 0; h = 0; end = 0; i = 0; bad = false }
}

/* When nothing is left to be done every record is in a sealed chunk. */
active proctype watch() {
  byte e, next;
end:
  timeout;
  assert(head == RECORDS && tail == RECORDS);
  do
  :: e < count -> assert(entry[e].state == SEALED && entry[e].first == next && chunk[entry[e].id].state == SEALED); next = next + entry[e].rows; e++
  :: else -> break
  od;
  assert(next == RECORDS)
}

init {
  atomic {
    chunk[0].state = PREPARED; next_id = 1; prepared = 1;
    run writer(); run lane(); run keeper(); run reader();
#if defined(KILL_PROCESS) || defined(KILL_INGEST) || defined(KILL_KEEPER)
    run accident()
#endif
  }
}
