// How jemalloc is set up in our programs; it reads this before main begins.
//
// Two cores need no more than two arenas. What is freed goes back to the system
// after half a second instead of ten: a sync comes in phases that each want
// much memory once, and the peak of a process is that of its largest phase only
// if the one before has given back what it had.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:500,muzzy_decay_ms:0";
}
