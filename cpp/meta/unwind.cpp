#include "meta/unwind.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace fluvial {
namespace {

bool is_named(const char* path, const char* part) { return path && std::strstr(path, part) != nullptr; }

// The library that an address lies in: "" for none.
const char* library_of(void* address) {
  Dl_info found{};
  return address && dladdr(address, &found) && found.dli_fname ? found.dli_fname : "";
}

// What the loader keeps of one library: its imported symbols and the places that their addresses were written to.
struct Imports {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const ElfW(Rela) * relocations[2] = {};  // of data, of calls
  std::size_t count[2] = {};
  std::uintptr_t read_only_start = 0, read_only_end = 0;  // made so after loading (RELRO)
};

Imports imports_of(const dl_phdr_info& library) {
  Imports imports;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < library.dlpi_phnum; ++i) {
    const auto& part = library.dlpi_phdr[i];
    if (part.p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(library.dlpi_addr + part.p_vaddr);
    if (part.p_type != PT_GNU_RELRO) continue;
    imports.read_only_start = library.dlpi_addr + part.p_vaddr;
    imports.read_only_end = imports.read_only_start + part.p_memsz;
  }
  // Addresses are absolute once loaded, but for the kernel's own library, which imports nothing.
  const auto at = [&library](std::uintptr_t address) { return address < library.dlpi_addr ? 0 : address; };
  for (; dynamic && dynamic->d_tag != DT_NULL; ++dynamic) {
    const auto address = at(dynamic->d_un.d_ptr);
    switch (dynamic->d_tag) {
      case DT_SYMTAB: imports.symbols = reinterpret_cast<const ElfW(Sym)*>(address); break;
      case DT_STRTAB: imports.strings = reinterpret_cast<const char*>(address); break;
      case DT_RELA: imports.relocations[0] = reinterpret_cast<const ElfW(Rela)*>(address); break;
      case DT_JMPREL: imports.relocations[1] = reinterpret_cast<const ElfW(Rela)*>(address); break;
      case DT_RELASZ: imports.count[0] = dynamic->d_un.d_val / sizeof(ElfW(Rela)); break;
      case DT_PLTRELSZ: imports.count[1] = dynamic->d_un.d_val / sizeof(ElfW(Rela)); break;
      default: break;
    }
  }
  return imports;
}

// visit(name, place) for every imported name of the unwinder.
template <typename Visit>
void each_unwind_import(const dl_phdr_info& library, const Imports& imports, Visit visit) {
  if (!imports.symbols || !imports.strings) return;
  for (int kind = 0; kind < 2; ++kind)
    for (std::size_t i = 0; imports.relocations[kind] && i < imports.count[kind]; ++i) {
      const auto& relocation = imports.relocations[kind][i];
      const auto symbol = relocation.r_info >> 32;  // ELF64
      if (symbol == 0) continue;
      const char* name = imports.strings + imports.symbols[symbol].st_name;
      if (std::strncmp(name, "_Unwind_", 8) == 0)
        visit(name, reinterpret_cast<void**>(library.dlpi_addr + relocation.r_offset));
    }
}

void write_place(const Imports& imports, void** place, void* value) {
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  const bool is_read_only = address >= imports.read_only_start && address < imports.read_only_end;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  void* start = reinterpret_cast<void*>(address / page * page);
  if (is_read_only && mprotect(start, page, PROT_READ | PROT_WRITE) != 0) return;
  __atomic_store_n(place, value, __ATOMIC_RELEASE);
  if (is_read_only) mprotect(start, page, PROT_READ);
}

// Does libstdc++ use libgcc's unwinder? Sets the bool behind data.
int look_at_stdcxx(dl_phdr_info* library, std::size_t, void* data) {
  if (!is_named(library->dlpi_name, "libstdc++.so")) return 0;
  each_unwind_import(*library, imports_of(*library), [data](const char* name, void** place) {
    if (std::strcmp(name, "_Unwind_RaiseException") == 0)
      *static_cast<bool*>(data) = is_named(library_of(*place), "libgcc_s.so");
  });
  return 1;
}

int repair(dl_phdr_info* library, std::size_t, void* libgcc) {
  if (is_named(library->dlpi_name, "libunwind")) return 0;
  const Imports imports = imports_of(*library);
  each_unwind_import(*library, imports, [&](const char* name, void** place) {
    const char* target = library_of(*place);
    const bool is_unresolved = std::strcmp(target, library->dlpi_name) == 0;  // the loader would take libunwind's later
    if (!is_unresolved && !is_named(target, "libunwind")) return;
    if (void* right = dlsym(libgcc, name)) write_place(imports, place, right);
  });
  return 0;
}

}  // namespace

void agree_on_unwinder() {
  static_assert(sizeof(void*) == 8, "relocations are read as ELF64 has them");
  bool uses_libgcc = false;
  dl_iterate_phdr(look_at_stdcxx, &uses_libgcc);
  void* libgcc = uses_libgcc ? dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_NOLOAD) : nullptr;
  if (!libgcc) return;
  dl_iterate_phdr(repair, libgcc);
  dlclose(libgcc);
}

}  // namespace fluvial
