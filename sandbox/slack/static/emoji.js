// The short codes that bots use most; others stay as they were written.
const table = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", no_entry: "⛔", no_entry_sign: "🚫", rotating_light: "🚨",
  eyes: "👀", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", tada: "🎉", fire: "🔥", rocket: "🚀", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", stopwatch: "⏱️", alarm_clock: "⏰", clock1: "🕐", calendar: "📅", date: "📅", memo: "📝", pencil: "📝",
  pushpin: "📌", link: "🔗", lock: "🔒", unlock: "🔓", closed_lock_with_key: "🔐", key: "🔑", mag: "🔍", bulb: "💡", gear: "⚙️",
  wrench: "🔧", hammer: "🔨", hammer_and_wrench: "🛠️", package: "📦", floppy_disk: "💾", cd: "💿", file_folder: "📁",
  open_file_folder: "📂", card_file_box: "🗃️", file_cabinet: "🗄️", clipboard: "📋", page_facing_up: "📄", scroll: "📜",
  bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", bell: "🔔", no_bell: "🔕", mega: "📣",
  loudspeaker: "📢", speech_balloon: "💬", red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡",
  large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", large_green_square: "🟩",
  arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", arrows_counterclockwise: "🔄", repeat: "🔁",
  leftwards_arrow_with_hook: "↩️", information_source: "ℹ️", question: "❓", grey_question: "❔", exclamation: "❗", wave: "👋",
  pray: "🙏", clap: "👏", muscle: "💪", ok_hand: "👌", raised_hands: "🙌", heart: "❤️", star: "⭐", sparkles: "✨", zap: "⚡",
  boom: "💥", bug: "🐛", robot_face: "🤖", wastebasket: "🗑️", broom: "🧹", sos: "🆘", checkered_flag: "🏁", construction: "🚧",
  shield: "🛡️", thinking_face: "🤔", smile: "😄", slightly_smiling_face: "🙂", sweat_smile: "😅", cry: "😢", skull: "💀",
  computer: "💻", satellite: "🛰️", globe_with_meridians: "🌐", cloud: "☁️", sunny: "☀️", ambulance: "🚑", fire_engine: "🚒",
  page_with_curl: "📃", label: "🏷️", soon: "🔜", new: "🆕", ok: "🆗", stop_sign: "🛑", double_vertical_bar: "⏸️", arrow_forward: "▶️",
};

export const emoji = (name) => table[name.split("::")[0]] ?? null;
export const emojiNames = Object.keys(table);

// quick are offered without a menu; quickName is how a reader hears a name.
export const quick = ["white_check_mark", "eyes", "raised_hands"];
export const quickName = (name) => name.replaceAll("_", " ");
