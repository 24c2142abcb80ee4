//! What code does: resolution across files, values with origins, guards that dominate effects.
