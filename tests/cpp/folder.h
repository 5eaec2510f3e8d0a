// A folder of one test, gone with it.
#pragma once

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

namespace testing {

class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() / ("fluvial-test-" + std::to_string(std::random_device()()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // The file's path; folders on the way to it are made.
  std::string write(const std::string& name, const std::string& text = "") const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace testing
