// x
namespace fluvial { int placeholder_algo() { return 0; } }
