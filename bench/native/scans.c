/*
 * The peer of the query benchmarks: what plain loops over the same bytes take. It maps the chunk files of a feed, as readers do,
 * and answers one line on stdout for each line on stdin: the nanoseconds of the loop alone, then what it found.
 *
 * argv[1]: a file with a line for each chunk, tabs between: path, rows, and the offsets of the columns price, size, timestamp
 * and (where there is one) side in bytes. price and size are float64, timestamp is uint64 in microseconds, side one character.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNKS_MAX 4096

struct chunk { size_t rows; const double *price, *size; const uint64_t *time; const char *side; };
/* As doubles: the caller reads the file as one Float64Array. */
struct bar { double start, open, high, low, close, volume, vwap, count; };

static struct chunk chunks[CHUNKS_MAX];
static int chunk_count;
static struct bar *bars;
static size_t bars_max;

static void fail(const char *what) { perror(what); exit(1); }

static void map_chunks(const char *list) {
  FILE *file = fopen(list, "r");
  if (file == NULL) fail(list);
  char path[4096];
  size_t rows, price, size, time, side;
  while (fscanf(file, "%4095[^\t]\t%zu\t%zu\t%zu\t%zu\t%zu\n", path, &rows, &price, &size, &time, &side) == 6) {
    if (chunk_count == CHUNKS_MAX) { fprintf(stderr, "more than %d chunks\n", CHUNKS_MAX); exit(1); }
    int fd = open(path, O_RDONLY);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) != 0) fail(path);
    const char *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED) fail(path);
    close(fd);
    chunks[chunk_count++] = (struct chunk){ rows, (const double *)(bytes + price), (const double *)(bytes + size), (const uint64_t *)(bytes + time), side == 0 ? NULL : bytes + side };
  }
  fclose(file);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double sum(void) {
  double total = 0;
  for (int c = 0; c < chunk_count; c++) {
    const double *price = chunks[c].price;
    for (size_t i = 0; i < chunks[c].rows; i++) total += price[i];
  }
  return total;
}

static double vwap(void) {
  double value = 0, volume = 0;
  for (int c = 0; c < chunk_count; c++) {
    const double *price = chunks[c].price, *size = chunks[c].size;
    for (size_t i = 0; i < chunks[c].rows; i++) {
      value += price[i] * size[i];
      volume += size[i];
    }
  }
  return value / volume;
}

static void extremes(double *min, double *max) {
  double low = chunks[0].price[0], high = low;
  for (int c = 0; c < chunk_count; c++) {
    const double *price = chunks[c].price;
    for (size_t i = 0; i < chunks[c].rows; i++) {
      low = price[i] < low ? price[i] : low;
      high = price[i] > high ? price[i] : high;
    }
  }
  *min = low;
  *max = high;
}

static double filtered(double above, char wanted, size_t *count) {
  double total = 0;
  size_t found = 0;
  for (int c = 0; c < chunk_count; c++) {
    const double *price = chunks[c].price, *size = chunks[c].size;
    const char *side = chunks[c].side;
    for (size_t i = 0; i < chunks[c].rows; i++) {
      if (price[i] > above && side[i] == wanted) {
        total += size[i];
        found++;
      }
    }
  }
  *count = found;
  return total;
}

/* One pass, bars written as they end: by time where width is not 0, else when their volume has come to `units`. */
static size_t make_bars(uint64_t width, double units) {
  size_t made = 0;
  uint64_t end = 0;
  struct bar bar = {0};
  double value = 0;
  for (int c = 0; c < chunk_count; c++) {
    const double *price = chunks[c].price, *size = chunks[c].size;
    const uint64_t *time = chunks[c].time;
    for (size_t i = 0; i < chunks[c].rows; i++) {
      double p = price[i], s = size[i];
      if (bar.count > 0 && (width != 0 ? time[i] >= end : bar.volume >= units)) {
        bar.vwap = value / bar.volume;
        if (made == bars_max) { fprintf(stderr, "more than %zu bars\n", bars_max); exit(1); }
        bars[made++] = bar;
        bar.count = 0;
      }
      if (bar.count == 0) {
        uint64_t start = width != 0 ? time[i] / width * width : time[i];
        end = start + width;
        bar = (struct bar){ (double)start, p, p, p, p, 0, 0, 0 };
        value = 0;
      }
      bar.high = p > bar.high ? p : bar.high;
      bar.low = p < bar.low ? p : bar.low;
      bar.close = p;
      bar.volume += s;
      value += p * s;
      bar.count++;
    }
  }
  if (bar.count > 0) {
    bar.vwap = value / bar.volume;
    if (made == bars_max) { fprintf(stderr, "more than %zu bars\n", bars_max); exit(1); }
    bars[made++] = bar;
  }
  return made;
}

/* Bars go to a file outside the clock, where the caller holds each against its own. */
static void answer_bars(uint64_t width, double units, size_t most, const char *path) {
  if (most > bars_max) {
    bars = realloc(bars, most * sizeof *bars);
    if (bars == NULL) fail("realloc");
    memset(bars, 1, most * sizeof *bars);
    bars_max = most;
  }
  int64_t started = now_ns();
  size_t made = make_bars(width, units);
  int64_t took = now_ns() - started;
  FILE *file = fopen(path, "w");
  if (file == NULL || fwrite(bars, sizeof *bars, made, file) != made || fclose(file) != 0) fail(path);
  printf("%lld %zu\n", (long long)took, made);
}

int main(int argc, char **argv) {
  if (argc != 2) { fprintf(stderr, "usage: scans <list of chunks>\n"); return 1; }
  map_chunks(argv[1]);
  char line[8192], path[4096], side;
  double number;
  uint64_t width;
  size_t most;
  while (fgets(line, sizeof line, stdin) != NULL) {
    int64_t started = now_ns();
    if (strcmp(line, "sum\n") == 0) {
      double total = sum();
      printf("%lld %.17g\n", (long long)(now_ns() - started), total);
    } else if (strcmp(line, "vwap\n") == 0) {
      double average = vwap();
      printf("%lld %.17g\n", (long long)(now_ns() - started), average);
    } else if (strcmp(line, "minmax\n") == 0) {
      double min, max;
      extremes(&min, &max);
      printf("%lld %.17g %.17g\n", (long long)(now_ns() - started), min, max);
    } else if (sscanf(line, "filter %lf %c", &number, &side) == 2) {
      started = now_ns();
      size_t count;
      double total = filtered(number, side, &count);
      printf("%lld %.17g %zu\n", (long long)(now_ns() - started), total, count);
    } else if (sscanf(line, "time-bars %lu %zu %4095[^\n]", &width, &most, path) == 3) {
      answer_bars(width, 0, most, path);
    } else if (sscanf(line, "volume-bars %lf %zu %4095[^\n]", &number, &most, path) == 3) {
      answer_bars(0, number, most, path);
    } else {
      fprintf(stderr, "what is %s", line);
      return 1;
    }
    fflush(stdout);
  }
  return 0;
}
