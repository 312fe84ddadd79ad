/*
 * What is on the device when the power is lost (rule 5 of ARCHITECTURE): rows that sync() acknowledged are found again, rows that
 * are found are what was written, and no number is given out twice. README.md says which line of the code each step is.
 *
 *   ACCIDENTS  how many times it goes wrong, 1 or 2: the second may come in the middle of recovery
 *   KILL       an accident may also be the death of the process alone: what it wrote is all there, and so is the ring
 *
 * The kernel writes any page back at any time. A chunk is of one block of two rows; each writer fills one.
 */
#ifndef ACCIDENTS
#define ACCIDENTS 2
#endif
#define LIVES (ACCIDENTS + 1)
#define ROWS 2              /* rows of a chunk, and records that a ring is given */
#define JUMP (ROWS + 1)     /* NUMBERS_JUMP: more than anybody publishes before a chunk is on the device */

#if ACCIDENTS > 1
#define RECORDS (life == 0 -> 1 : ROWS) /* to bound the number of states */
#else
#define RECORDS ROWS
#endif

#define ACTIVE 1            /* CHUNK_STATE */
#define SEALED 2

/* A chunk file: its header page, the page of block descriptors, and a page for each row's cells (a record is its number + 1). */
typedef Chunk { byte state, first, epoch, boot, committed, mark, described, row[ROWS] };
Chunk c[LIVES];             /* as everybody sees it */
Chunk d[LIVES];             /* as the device has it */

/* The page of the catalog that says whether a writer has it open; its entries are made again from the chunks. */
typedef Catalog { byte epoch, boot; bool open };
Catalog c_catalog, d_catalog;

/* The ring: memory, gone with the power. */
bool ring = false;
byte base, head, tail;

byte life = 0, boot = 1, accidents = 0, alive = 0;
bool down = false;

/* ghosts, a bit for each number */
int used = 0;               /* given out: somebody may have seen the record */
int acked = 0;              /* acknowledged by sync() */

inline header_back(k) { d[k].state = c[k].state; d[k].first = c[k].first; d[k].epoch = c[k].epoch; d[k].boot = c[k].boot; d[k].committed = c[k].committed; d[k].mark = c[k].mark }
inline table_back(k) { d[k].described = c[k].described }
inline row_back(k, which) { d[k].row[which] = c[k].row[which] }
#define HEADER_DIRTY(k) (d[k].state != c[k].state || d[k].first != c[k].first || d[k].epoch != c[k].epoch || d[k].boot != c[k].boot || d[k].committed != c[k].committed || d[k].mark != c[k].mark)
#define TABLE_DIRTY(k) (d[k].described != c[k].described)
#define ROW_DIRTY(k, i) (d[k].row[i] != c[k].row[i])

#define CATALOG_DIRTY (c_catalog.epoch != d_catalog.epoch || c_catalog.boot != d_catalog.boot || c_catalog.open != d_catalog.open)
inline catalog_back() { d_catalog.epoch = c_catalog.epoch; d_catalog.boot = c_catalog.boot; d_catalog.open = c_catalog.open }

/* Write-back, by and by. */
proctype kernel() {
  byte k;
end:
  do
  :: life == ACCIDENTS -> break
  :: atomic { CATALOG_DIRTY -> catalog_back() }
  :: atomic { HEADER_DIRTY(life) -> k = life; header_back(k); k = 0 }
  :: atomic { TABLE_DIRTY(life) -> k = life; table_back(k); k = 0 }
  :: atomic { ROW_DIRTY(life, 0) -> k = life; row_back(k, 0); k = 0 }
  :: atomic { ROW_DIRTY(life, 1) -> k = life; row_back(k, 1); k = 0 }
  :: atomic { life > 0 && HEADER_DIRTY(0) -> header_back(k) }
  :: atomic { life > 1 && HEADER_DIRTY(1) -> k = 1; header_back(k); k = 0 }
  od
}

/* fdatasync: pages that are dirty when it begins, in any order; what is written to one after its turn is not on the device. */
inline fdatasync(k) {
  d_step {
    todo = 0;
    if :: HEADER_DIRTY(k) -> todo = todo + 1 :: else fi;
    if :: TABLE_DIRTY(k) -> todo = todo + 2 :: else fi;
    if :: ROW_DIRTY(k, 0) -> todo = todo + 4 :: else fi;
    if :: ROW_DIRTY(k, 1) -> todo = todo + 8 :: else fi
  };
  do
  :: atomic { todo & 1 -> header_back(k); todo = todo - 1 }
  :: atomic { todo & 2 -> table_back(k); todo = todo - 2 }
  :: atomic { todo & 4 -> row_back(k, 0); todo = todo - 4 }
  :: atomic { todo & 8 -> row_back(k, 1); todo = todo - 8 }
  :: todo == 0 -> break
  od;
  skip
}

/* The writer, and Lane.#activate, #write, #commit */
proctype ingest() {
  byte rows;
  {
end:
    do
    :: head - base < RECORDS -> d_step { assert(!(used & (1 << head))); used = used | (1 << head); head++ }
    :: tail < head && rows < ROWS ->
       if
       :: rows == 0 ->
          d_step { c[life].first = tail; c[life].epoch = c_catalog.epoch; c[life].boot = boot; c[life].mark = 0; c[life].committed = 0 };
          c[life].state = ACTIVE
       :: else
       fi;
       c[life].row[rows] = tail + 1;
       if
       :: rows == ROWS - 1 -> c[life].described = 1
       :: else
       fi;
       d_step { rows++; c[life].committed = rows; tail++ }
    od
  } unless { down };
  d_step { rows = 0; alive-- }
}

/* finishSeal */
inline seal(k) {
#ifdef BUG_SEALED_FIRST
  c[k].state = SEALED;
#endif
  fdatasync(k);
  c[k].mark = c[k].committed;
  c[k].state = SEALED;
  fdatasync(k)
}

/* KeeperLane: what earlier writers left, then DeviceWork.makeDurable whenever somebody asks */
proctype keeper() {
  byte i, rows, synced, todo;
  {
    do
    :: i < life ->
       if
       :: c[i].state == ACTIVE -> seal(i)
       :: else
       fi;
       i++
    :: else -> break
    od;
end:
    do
    :: c[life].state == ACTIVE && c[life].committed > synced ->
       rows = c[life].committed;
#ifdef BUG_MARK_FIRST
       c[life].mark = rows;
#endif
       fdatasync(life);
#ifdef BUG_COUNT_LATE
       rows = c[life].committed;
#endif
       c[life].mark = rows;
#ifndef BUG_ONE_SYNC
       fdatasync(life);
#endif
       d_step {
         synced = rows;
         acked = acked | (((1 << rows) - 1) << c[life].first);
         rows = 0
       }
    od
  } unless { down };
  d_step { i = 0; rows = 0; synced = 0; todo = 0; alive-- }
}

#define HOLDS(k, i) (c[k].row[i] == c[k].first + (i) + 1)

/* Every row that is counted is what was written, and every row that was acknowledged is counted. */
inline look_at_chunks() {
  d_step {
    i = 0; found = 0;
    do
    :: i < life ->
       rows = 0;
       do
       :: c[i].state != 0 && rows < c[i].committed ->
          assert(HOLDS(i, rows));
          found = found | (1 << (c[i].first + rows));
          rows++
       :: else -> break
       od;
       i++
    :: else -> break
    od;
    assert((acked & ~found) == 0);
    i = 0; rows = 0; found = 0
  }
}

/* openFeed, under a boot of its own or that of the writer before */
proctype opener() {
  byte i, rows, end, last, jump;
  int found;
  bool lost;
  {
    /* closeLeftovers */
    do
    :: i < life ->
       if
#ifndef BUG_TRUST_COUNT
       :: c[i].state == ACTIVE && c[i].boot != boot ->
          lost = true;
          /* survivingRows */
          rows = c[i].mark;
          d_step {
            assert((rows < 1 || HOLDS(i, 0)) && (rows < 2 || HOLDS(i, 1))); /* the mark's checksum: else DW_FILE_CORRUPT */
            if
#ifdef BUG_BLOCK_UNCHECKED
            :: c[i].described -> rows = ROWS
#else
            :: c[i].described && HOLDS(i, 0) && HOLDS(i, 1) -> rows = ROWS
#endif
            :: else
            fi
          };
#ifdef BUG_ADOPT_FIRST
          c[i].boot = boot;
          c[i].committed = rows
#else
          c[i].committed = rows;
          c[i].boot = boot
#endif
#endif
       :: else
       fi;
       d_step {
         if
         :: c[i].state != 0 -> end = c[i].first + c[i].committed; last = c[i].epoch
         :: else
         fi;
         rows = 0;
         i++
       }
    :: else -> break
    od;
    skip;
    look_at_chunks();
    /* rebuildCatalog */
    if :: c_catalog.epoch < last -> c_catalog.epoch = last :: else fi;
    /* openFeedRing */
    if
    :: ring ->
       d_step { tail = (end > base -> end : base); assert(tail <= head) }
    :: else ->
#ifndef BUG_NO_JUMP
       if
       :: lost || c_catalog.open ->
#ifdef BUG_JUMP_ONCE
          jump = JUMP
#else
          jump = JUMP * (c_catalog.epoch + 1 > last + 1 -> c_catalog.epoch + 1 - last : 1)
#endif
       :: else
       fi;
#endif
       d_step { base = end + jump; head = base; tail = base; ring = true }
    fi;
    c_catalog.epoch = c_catalog.epoch + 1;
    d_step { c_catalog.boot = boot; c_catalog.open = true };
#ifndef BUG_CATALOG_LATE
    d_step { catalog_back() }; /* syncFile */
#endif
    d_step { assert(head - base == ROWS || !(used & (1 << head))) }; /* its next record's number is new */
    if
    :: atomic { life < ACCIDENTS -> alive = alive + 2; run ingest(); run keeper() }
    :: else /* nothing more can go wrong, so it does not matter what it does */
    fi
  } unless { down };
  d_step { i = 0; rows = 0; end = 0; last = 0; jump = 0; found = 0; lost = false; alive-- }
}

inline power_off(k) {
  c[k].state = d[k].state; c[k].first = d[k].first; c[k].epoch = d[k].epoch; c[k].boot = d[k].boot; c[k].committed = d[k].committed; c[k].mark = d[k].mark;
  c[k].described = d[k].described; c[k].row[0] = d[k].row[0]; c[k].row[1] = d[k].row[1]
}

proctype accident() {
  byte k;
end:
  do
  :: accidents < ACCIDENTS ->
     d_step { down = true; accidents++ };
     alive == 0;
     if
     :: d_step {
          k = 0;
          do
          :: k < LIVES -> power_off(k); k++
          :: else -> break
          od;
          k = 0;
          c_catalog.epoch = d_catalog.epoch; c_catalog.boot = d_catalog.boot; c_catalog.open = d_catalog.open;
          ring = false; base = 0; head = 0; tail = 0;
          boot++
        }
#ifdef KILL
     :: skip
#endif
     fi;
     atomic { life++; down = false; alive++; run opener() }
  od
}

init {
  atomic { alive = 1; run kernel(); run opener(); run accident() }
}
