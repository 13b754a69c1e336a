#include "tests/fakes/entra/names.h"

namespace rollcall::entra {
namespace {

constexpr Name kEnglishGiven[] = {
    {"Ada", "ada"},           {"Alan", "alan"},           {"Amelia", "amelia"},
    {"Ben", "ben"},           {"Charlotte", "charlotte"}, {"Daniel", "daniel"},
    {"Edith", "edith"},       {"Florence", "florence"},   {"George", "george"},
    {"Hannah", "hannah"},     {"Isaac", "isaac"},         {"Jack", "jack"},
    {"Kate", "kate"},         {"Lucy", "lucy"},           {"Mary", "mary"},
    {"Noah", "noah"},         {"Olivia", "olivia"},       {"Peter", "peter"},
    {"Rose", "rose"},         {"Samuel", "samuel"},       {"Theo", "theo"},
    {"Victoria", "victoria"}, {"William", "william"},     {"Zara", "zara"},
};
constexpr Name kEnglishSurnames[] = {
    {"Abbott", "abbott"},       {"Baker", "baker"},
    {"Clarke", "clarke"},       {"Dawson", "dawson"},
    {"Evans", "evans"},         {"Fletcher", "fletcher"},
    {"Griffiths", "griffiths"}, {"Hughes", "hughes"},
    {"Irving", "irving"},       {"Jones", "jones"},
    {"King", "king"},           {"Lovelace", "lovelace"},
    {"Mc Donald", "mcdonald"},  {"O'Brien", "o'brien"},
    {"Price", "price"},         {"Quinn", "quinn"},
    {"Reid", "reid"},           {"Smith-Jones", "smith-jones"},
    {"Turing", "turing"},       {"Underwood", "underwood"},
    {"Walker", "walker"},       {"Young", "young"},
};
constexpr Name kEuropeanGiven[] = {
    {"Zoë", "zoe"},         {"Björn", "bjoern"},  {"Chloé", "chloe"},
    {"Dariusz", "dariusz"}, {"Élodie", "elodie"}, {"Françoise", "francoise"},
    {"Gáspár", "gaspar"},   {"Håkon", "haakon"},  {"İbrahim", "ibrahim"},
    {"Jürgen", "juergen"},  {"Kārlis", "karlis"}, {"Łukasz", "lukasz"},
    {"Māra", "mara"},       {"Nuño", "nuno"},     {"Ömer", "oemer"},
    {"Renée", "renee"},     {"Søren", "soeren"},  {"Šárka", "sarka"},
    {"Þóra", "thora"},      {"Žofia", "zofia"},
};
constexpr Name kEuropeanSurnames[] = {
    {"Ångström", "aangstroem"}, {"Brâncuși", "brancusi"},
    {"Čapek", "capek"},         {"Dvořák", "dvorak"},
    {"Erdoğan", "erdogan"},     {"Fernández", "fernandez"},
    {"Großmann", "grossmann"},  {"Hämäläinen", "haemaelaeinen"},
    {"Işık", "isik"},           {"Jørgensen", "joergensen"},
    {"Kováč", "kovac"},         {"Lefèvre", "lefevre"},
    {"Müller", "mueller"},      {"Nagyné", "nagyne"},
    {"Øvergård", "oevergaard"}, {"Peña", "pena"},
    {"Şahin", "sahin"},         {"Tőkés", "tokes"},
    {"Wójcik", "wojcik"},       {"Żuławski", "zulawski"},
};
constexpr Name kRussianGiven[] = {
    {"Александр", "aleksandr"}, {"Анна", "anna"},           {"Борис", "boris"},
    {"Дмитрий", "dmitriy"},     {"Екатерина", "ekaterina"}, {"Иван", "ivan"},
    {"Ольга", "olga"},          {"Фёдор", "fedor"},         {"Юлия", "yuliya"},
};
constexpr Name kRussianSurnames[] = {
    {"Абрамов", "abramov"},  {"Ковалевский", "kovalevskiy"},
    {"Лебедев", "lebedev"},  {"Морозов", "morozov"},
    {"Соловьёв", "solovev"}, {"Шевченко", "shevchenko"},
    {"Щукин", "shchukin"},
};
constexpr Name kGreekGiven[] = {
    {"Αλέξανδρος", "alexandros"}, {"Ελένη", "eleni"}, {"Γιώργος", "giorgos"},
    {"Σοφία", "sofia"},           {"Ωρίων", "orion"},
};
constexpr Name kGreekSurnames[] = {
    {"Αγγελόπουλος", "angelopoulos"},
    {"Καζαντζάκης", "kazantzakis"},
    {"Παπαδοπούλου", "papadopoulou"},
    {"Σεφέρης", "seferis"},
};
constexpr Name kArabicGiven[] = {
    {"أحمد", "ahmad"}, {"فاطمة", "fatima"}, {"ليلى", "layla"},
    {"يوسف", "yusuf"}, {"نور", "nour"},
};
constexpr Name kArabicSurnames[] = {
    {"الخوارزمي", "alkhwarizmi"},
    {"حداد", "haddad"},
    {"المصري", "almasri"},
    {"منصور", "mansour"},
};
constexpr Name kHebrewGiven[] = {
    {"אברהם", "avraham"},
    {"דוד", "david"},
    {"נעה", "noa"},
    {"שרה", "sarah"},
};
constexpr Name kHebrewSurnames[] = {
    {"כהן", "cohen"},
    {"לוי", "levi"},
    {"מזרחי", "mizrahi"},
    {"פרץ", "peretz"},
};
constexpr Name kChineseGiven[] = {
    {"伟", "wei"}, {"芳", "fang"}, {"秀英", "xiuying"},
    {"敏", "min"}, {"静", "jing"}, {"子轩", "zixuan"},
};
constexpr Name kChineseSurnames[] = {
    {"王", "wang"}, {"李", "li"},       {"张", "zhang"},
    {"刘", "liu"},  {"欧阳", "ouyang"}, {"陈", "chen"},
};
constexpr Name kJapaneseGiven[] = {
    {"太郎", "taro"},    {"花子", "hanako"}, {"さくら", "sakura"},
    {"ケンジ", "kenji"}, {"陽菜", "hina"},
};
constexpr Name kJapaneseSurnames[] = {
    {"佐藤", "sato"},     {"鈴木", "suzuki"},  {"高橋", "takahashi"},
    {"渡邉", "watanabe"}, {"𠮷田", "yoshida"},
};
constexpr Name kKoreanGiven[] = {
    {"민준", "minjun"},
    {"서연", "seoyeon"},
    {"지우", "jiwoo"},
    {"하은", "haeun"},
};
constexpr Name kKoreanSurnames[] = {
    {"김", "kim"},
    {"이", "lee"},
    {"박", "park"},
    {"최", "choi"},
};
constexpr Name kHindiGiven[] = {
    {"आरव", "aarav"},
    {"दीपिका", "deepika"},
    {"लक्ष्मी", "lakshmi"},
    {"विक्रम", "vikram"},
};
constexpr Name kHindiSurnames[] = {
    {"शर्मा", "sharma"},
    {"गुप्ता", "gupta"},
    {"सिंह", "singh"},
    {"पटेल", "patel"},
};
// People do put them into their display names; some join several code points.
constexpr Name kPlayfulGiven[] = {
    {"Robin 🦊", "robin"},
    {"Sam 👩‍🚀", "sam"},
    {"Kim 🏳️‍🌈", "kim.r"},
};
constexpr Name kPlayfulSurnames[] = {
    {"Sparrow", "sparrow"},
    {"Null", "null"},
    {"\"Ace\" \\ West", "west"},
};

// The first ones are more frequent, see PickCulture in the generator.
constexpr Culture kCultures[] = {
    {"en-GB", false, " ", kEnglishGiven, kEnglishSurnames},
    {"de-DE", false, " ", kEuropeanGiven, kEuropeanSurnames},
    {"ru-RU", false, " ", kRussianGiven, kRussianSurnames},
    {"el-GR", false, " ", kGreekGiven, kGreekSurnames},
    {"ar-EG", false, " ", kArabicGiven, kArabicSurnames},
    {"he-IL", false, " ", kHebrewGiven, kHebrewSurnames},
    {"zh-CN", true, "", kChineseGiven, kChineseSurnames},
    {"ja-JP", true, " ", kJapaneseGiven, kJapaneseSurnames},
    {"ko-KR", true, "", kKoreanGiven, kKoreanSurnames},
    {"hi-IN", false, " ", kHindiGiven, kHindiSurnames},
    {"en-US", false, " ", kPlayfulGiven, kPlayfulSurnames},
};

constexpr absl::string_view kJobTitles[] = {
    "Account Manager",  "Analyst",          "Architect",
    "Controller",       "Designer",         "Director",
    "Engineer II",      "Field Technician", "Ingénieur d'études",
    "Network Operator", "Office Manager",   "Principal Engineer",
    "Product Manager",  "Sachbearbeiter",   "Support Specialist",
    "Vice President",
};
constexpr absl::string_view kOfficeLocations[] = {
    "14/2201", "18/2111", "20/1101",   "Berlin",   "Kraków", "Lyon",
    "Nairobi", "Osaka",   "São Paulo", "Seoul 3F", "Sydney", "Zürich",
};
constexpr absl::string_view kGroupKinds[] = {
    "Project", "Club",   "Floor", "Équipe",   "Gruppe",
    "Команда", "チーム", "All",   "Licenses", "VPN",
};
constexpr absl::string_view kGroupTopics[] = {
    "Aurora", "Borealis", "Cassini", "Delta",   "Europa",      "Forêt",
    "Ganges", "Horizont", "Iris",    "Jupiter", "Kestrel",     "Łódź",
    "Meteor", "Nebula",   "Orion",   "Pulsar",  "Quartz",      "Río",
    "Saturn", "Titan",    "Umbra",   "Vega",    "Wagner & Co", "Zenit",
};

}  // namespace

absl::Span<const Culture> Cultures() { return kCultures; }
absl::Span<const absl::string_view> JobTitles() { return kJobTitles; }
absl::Span<const absl::string_view> OfficeLocations() {
  return kOfficeLocations;
}
absl::Span<const absl::string_view> GroupKinds() { return kGroupKinds; }
absl::Span<const absl::string_view> GroupTopics() { return kGroupTopics; }

}  // namespace rollcall::entra
