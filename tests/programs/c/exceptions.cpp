// C++: exceptions through deep frames, destructors, RTTI, containers, streams, iostream, threads' absence.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <typeinfo>
#include <unordered_map>
#include <variant>
#include <vector>

static int alive;
struct Guard {
    std::string name;
    explicit Guard(std::string n) : name(std::move(n)) { ++alive; }
    ~Guard() { --alive; }
};
struct Base { virtual ~Base() = default; virtual std::string name() const { return "base"; } };
struct Left : virtual Base { std::string name() const override { return "left"; } };
struct Right : virtual Base { int r = 5; };
struct Bottom : Left, Right { std::string name() const override { return "bottom"; } };
struct Failure : std::runtime_error { int code; Failure(int c) : std::runtime_error("failure " + std::to_string(c)), code(c) {} };

static int descend(int depth) {
    Guard guard("frame " + std::to_string(depth));
    if (depth == 0) throw Failure(17);
    try { return descend(depth - 1) + 1; } catch (const std::bad_alloc &) { return -1; }
}
static void rethrow() {
    try { descend(200); } catch (Failure &f) { f.code++; try { throw; } catch (const std::exception &inner) { std::throw_with_nested(std::logic_error(std::string("nested: ") + inner.what())); } }
}
int main() {
    for (int round = 0; round < 200; round++) { try { descend(50); } catch (const Failure &) { } }
    std::cout << "alive " << alive << '\n';
    try { rethrow(); } catch (const std::exception &e) { std::cout << e.what() << '\n'; try { std::rethrow_if_nested(e); } catch (const Failure &f) { std::cout << f.code << ' ' << typeid(f).name() << '\n'; } }
    try { std::vector<int>().at(3); } catch (const std::out_of_range &e) { std::cout << e.what() << '\n'; }
    try { throw 42; } catch (long) { std::cout << "long\n"; } catch (int i) { std::cout << "int " << i << '\n'; }
    try { std::unique_ptr<Base> b(new Bottom); std::cout << b->name() << ' ' << (dynamic_cast<Right *>(b.get()) != nullptr) << ' ' << dynamic_cast<Right &>(*b).r << '\n'; (void)dynamic_cast<Failure &>(reinterpret_cast<std::exception &>(*new std::exception)); } catch (const std::bad_cast &e) { std::cout << e.what() << '\n'; }
    try { std::string huge; huge.resize(huge.max_size() + 1); } catch (const std::length_error &) { std::cout << "length\n"; }
    try { std::stoi("x"); } catch (const std::invalid_argument &e) { std::cout << e.what() << '\n'; }
    std::map<std::string, std::vector<double>> table; std::mt19937_64 random(7); std::normal_distribution<double> normal(5, 2); std::uniform_int_distribution<int> die(1, 6);
    for (int i = 0; i < 1000; i++) table["key" + std::to_string(die(random))].push_back(normal(random));
    for (auto &[key, values] : table) { std::sort(values.begin(), values.end(), std::greater<>()); std::cout << key << ' ' << values.size() << ' ' << std::setprecision(15) << values.front() << ' ' << std::accumulate(values.begin(), values.end(), 0.0) << '\n'; }
    std::ostringstream out; out << std::hex << std::showbase << 255 << ' ' << std::dec << std::fixed << std::setw(12) << std::setfill('*') << 3.14159 << ' ' << std::scientific << 1e100 << ' ' << std::boolalpha << true; std::cout << out.str() << '\n';
    std::istringstream in("12 3.5 word 0x1f"); int a; double b; std::string c; in >> a >> b >> c; std::cout << a << ' ' << b << ' ' << c << '\n';
    std::smatch match; std::string text = "on 2024-02-29 at noon"; std::cout << std::regex_search(text, match, std::regex(R"((\d+)-(\d+)-(\d+))")) << ' ' << match[2] << '\n';
    std::variant<int, std::string> v = "text"; std::optional<int> none; std::function<int(int)> f = [&](int n) { return n < 2 ? n : f(n - 1) + f(n - 2); };
    std::cout << std::visit([](auto &&x) { std::ostringstream s; s << x; return s.str(); }, v) << ' ' << none.value_or(9) << ' ' << f(20) << '\n';
    try { std::get<int>(v); } catch (const std::bad_variant_access &e) { std::cout << e.what() << '\n'; }
    std::unordered_map<int, std::shared_ptr<Guard>> shared; for (int i = 0; i < 500; i++) shared[i * 7919] = std::make_shared<Guard>(std::to_string(i)); std::cout << alive << ' ' << shared[7919]->name << '\n'; shared.clear();
    std::cout << alive << ' ' << std::chrono::duration_cast<std::chrono::hours>(std::chrono::seconds(7200)).count() << std::endl;
    std::cerr << "about to terminate\n";
    throw Failure(1);
}
