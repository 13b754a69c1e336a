// What tests include beyond library.h; tests get the two as one.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
