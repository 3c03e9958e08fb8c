// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The text of a configuration, before it is YAML: what no configuration can be is refused here with its position,
// before a parser or a terminal meets it.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "config/config.h"
#include "config/messages.h"
#include "config/yaml_reader.h"

namespace sfc {
namespace {

constexpr std::size_t kMostBytes = 4U << 20U; // thousands of services
constexpr int kMostNested = 32;               // of brackets, or of "- - -"
constexpr int kMostIndent = 200;              // columns

/// Bytes of the UTF-8 character that begins with these; 0 for none (RFC 3629).
std::size_t character(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = at(0), second = at(1);
    const std::size_t len = first < 0x80   ? 1
                            : first < 0xc2 ? 0
                            : first < 0xe0 ? 2
                            : first < 0xf0 ? 3
                            : first < 0xf5 ? 4
                                           : 0;
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool beyond =
        (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f); // surrogates, above 10ffff
    for (std::size_t i = 1; i < len; i++) {
        if ((at(i) & 0xc0U) != 0x80U) {
            return 0;
        }
    }
    return overlong || beyond ? 0 : len;
}

bool is_control(char byte) {
    return (static_cast<unsigned char>(byte) < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
}

/// Counts lines, columns and what is open, as far as that needs no parser.
class Walk {
public:
    Walk(const std::string& text, const std::string& file) : text_(text), file_(file) {}

    void check() {
        for (std::size_t i = 0; i < text_.size();) {
            const std::size_t len = character(std::string_view(text_).substr(i));
            if (len == 0) {
                throw error(msg::not_utf8(static_cast<unsigned char>(text_[i])));
            }
            const auto second = static_cast<unsigned char>(len == 2 ? text_[i + 1] : '\xff');
            if (is_control(text_[i]) || (text_[i] == '\xc2' && second < 0xa0)) { // C1 steers terminals too
                throw error(msg::control_character(len == 2 ? second : static_cast<unsigned char>(text_[i])));
            }
            note(text_[i]);
            i += len;
        }
    }

private:
    const std::string& text_;
    const std::string& file_;
    Position at_{1, 1};
    int brackets_ = 0, dashes_ = 0;
    bool comment_ = false;
    char before_ = '\n', quote_ = '\0'; ///< what a quoted value is open with
    bool indent_ = true;                ///< nothing but spaces and dashes on this line so far

    [[nodiscard]] Error error(const std::string& sentence) const { return config_error(file_, at_, sentence); }

    void note(char byte) {
        if (byte == '\n') {
            at_ = {at_.line + 1, 1};
            indent_ = true;
            comment_ = false;
            dashes_ = 0;
            before_ = byte;
            return;
        }
        const bool fresh = std::string_view(" \t\n[{,:").find(before_) != std::string_view::npos;
        comment_ = comment_ || (byte == '#' && quote_ == 0 && (before_ == ' ' || before_ == '\t' || before_ == '\n'));
        const bool escaped = quote_ == '"' && before_ == '\\';
        before_ = escaped ? ' ' : byte;
        at_.column++;
        if (comment_) {
            return;
        }
        if (quote_ != 0) {
            quote_ = byte == quote_ && !escaped ? '\0' : quote_;
            return;
        }
        if ((byte == '"' || byte == '\'') && fresh) {
            quote_ = byte;
            indent_ = false;
            return;
        }
        brackets_ += byte == '[' || byte == '{' ? 1 : (byte == ']' || byte == '}') && brackets_ > 0 ? -1 : 0;
        dashes_ += indent_ && byte == '-' ? 1 : 0;
        indent_ = indent_ && (byte == ' ' || byte == '-');
        if (brackets_ > kMostNested || dashes_ > kMostNested || (indent_ && at_.column > kMostIndent)) {
            throw error(msg::nested_too_deep());
        }
    }
};

constexpr const char* kStandardInput = "-";

std::string read_all(std::istream& in) {
    std::string text(kMostBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

std::string read_file(const std::string& file) {
    std::error_code none;
    std::ifstream in(file);
    if (!in || std::filesystem::is_directory(file, none)) {
        throw Error(ExitCode::Usage, msg::cannot_read_config(file, in ? "is a directory" : std::strerror(errno)));
    }
    return read_all(in);
}

} // namespace

std::string config_name(const std::string& file) {
    return file == kStandardInput ? "<stdin>" : file;
}

std::string read_config_text(const std::string& file) {
    const std::string name = config_name(file);
    std::string text = file == kStandardInput ? read_all(std::cin) : read_file(file);
    if (text.size() > kMostBytes) {
        throw Error(ExitCode::Usage, msg::config_too_large(name, kMostBytes >> 20U));
    }
    Walk(text, name).check();
    return text;
}

} // namespace sfc
