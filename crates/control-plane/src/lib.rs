//! What AWS calls do: one file per noun, one table of operations per service.
