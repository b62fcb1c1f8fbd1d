// Whether this process may use the tile unit; asks the system for it.
#include "tiles.h"

extern "C" int32_t tiles_ready() {
#ifdef TILES
    return tiles_granted();
#else
    return 0;
#endif
}
