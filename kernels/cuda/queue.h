// The plug-in's one device: its queue of work, and memory that operators need for a moment.
#pragma once

#include "kernels/cuda/plugin.h"

namespace hone::kernels::cuda {

// Takes the device. Until it has succeeded, nothing else of the plug-in may be called but open itself.
Failure open_queue(int device);

// As the slots of Backend.
MemorySize device_memory();
void* device_allocate(size_t bytes);
void device_release(void* data);
void device_write(void* to, const void* from, size_t bytes, const Stream&);
void device_read(void* to, const void* from, size_t bytes, const Stream&);

}  // namespace hone::kernels::cuda
